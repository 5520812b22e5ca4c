//go:build wasip1

// Package sdk is what plugins in Go bring along, written from the wire
// protocol: memory, entry points, host functions and the log. Where the
// generations differ, a Dialect says how.
package sdk

import (
	"fmt"
	"unsafe"
)

// maxAllocated is how many bytes may be on their way over the boundary.
const maxAllocated = 100 << 20

// buffers are those that cross the boundary, by their addresses. Being in here
// also keeps them from being collected.
var (
	buffers   = map[uint32][]byte{}
	allocated int
)

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	if size == 0 {
		return 0
	}
	if allocated+int(size) > maxAllocated {
		panic(fmt.Sprintf("abi: memory allocation limit exceeded (requested: %d bytes, current: %d bytes, limit: %d bytes)",
			size, allocated, maxAllocated))
	}
	buffer := make([]byte, size)
	ptr := address(buffer)
	buffers[ptr] = buffer
	allocated += int(size)
	return ptr
}

//go:wasmexport deallocate
func deallocate(ptr, _ uint32) {
	allocated -= len(buffers[ptr])
	delete(buffers, ptr)
}

func freeAll() {
	clear(buffers)
	allocated = 0
}

func address(buffer []byte) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
}

func pack(ptr, size uint32) uint64 {
	if ptr == 0 && size > 0 {
		panic(fmt.Sprintf("abi: invalid pack - null pointer (0x0) with non-zero length (%d)", size))
	}
	return uint64(ptr)<<32 | uint64(size)
}

// hand makes a buffer that the host may read and free.
func hand(payload []byte) uint64 {
	if len(payload) == 0 {
		return 0
	}
	ptr := allocate(uint32(len(payload)))
	copy(buffers[ptr], payload)
	return pack(ptr, uint32(len(payload)))
}

// received copies what the host has written into a buffer that it was given.
func received(packed uint64) []byte {
	ptr, size := uint32(packed>>32), uint32(packed)
	if size == 0 {
		return nil
	}
	if pack(ptr, size) != packed || int(size) > len(buffers[ptr]) {
		panic(fmt.Sprintf("abi: %d bytes at %#x were never allocated", size, ptr))
	}
	return append([]byte(nil), buffers[ptr][:size]...)
}

func free(packed uint64) { deallocate(uint32(packed>>32), uint32(packed)) }
