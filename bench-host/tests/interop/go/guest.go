package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"
)

// executor is what tells one official host from another.
type executor struct {
	describe string
	// schemas are tried in turn; a host that takes the schema from the
	// manifest has none.
	schemas []string
	observe string
	frees   bool
	// maxRequest is the size of the largest request that host functions take,
	// in bytes; 0 for any.
	maxRequest int
	// plainTCP says that tcp_connect knows no TLS.
	plainTCP bool
	// realClock also stands for real sleep, randomness and standard error, and
	// for the files and variables that are granted.
	realClock bool
}

var executors = map[string]executor{
	"a":   {describe: "describe", schemas: []string{"schema"}, observe: "observe", plainTCP: true},
	"ap":  {describe: "manifest", schemas: []string{"schema"}, observe: "observe"},
	"b":   {describe: "_manifest", schemas: []string{"_schema", "schema"}, observe: "_observe", maxRequest: 1 << 20},
	"cli": {describe: "_manifest", observe: "_observe", frees: true, realClock: true},
}

func pack(ptr, n uint32) uint64 { return uint64(ptr)<<32 | uint64(n) }

func unpack(packed uint64) (ptr, n uint32) { return uint32(packed >> 32), uint32(packed) }

func call(ctx context.Context, mod api.Module, name string, args ...uint64) (uint64, error) {
	f := mod.ExportedFunction(name)
	if f == nil {
		return 0, fmt.Errorf("export %q not found", name)
	}
	res, err := f.Call(ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("calling %s: %w", name, err)
	}
	if len(res) == 0 {
		return 0, nil
	}
	return res[0], nil
}

func allocate(ctx context.Context, mod api.Module, n uint32) (uint32, error) {
	ptr, err := call(ctx, mod, "allocate", uint64(n))
	return uint32(ptr), err
}

func deallocate(ctx context.Context, mod api.Module, ptr, n uint32) error {
	_, err := call(ctx, mod, "deallocate", uint64(ptr), uint64(n))
	return err
}

func read(mod api.Module, packed uint64) ([]byte, error) {
	ptr, n := unpack(packed)
	if ptr == 0 || n == 0 {
		return nil, fmt.Errorf("null pointer or zero length: %#x", packed)
	}
	view, ok := mod.Memory().Read(ptr, n)
	if !ok {
		return nil, fmt.Errorf("%d bytes at %#x are outside the memory", n, ptr)
	}
	return bytes.Clone(view), nil
}

func write(ctx context.Context, mod api.Module, payload []byte) (uint64, error) {
	n := uint32(len(payload))
	ptr, err := allocate(ctx, mod, n)
	if err != nil {
		return 0, err
	}
	if ptr == 0 {
		return 0, errors.New("allocate returned null pointer")
	}
	if !mod.Memory().Write(ptr, payload) {
		return 0, fmt.Errorf("allocate(%d) returned %#x, outside the memory", n, ptr)
	}
	return pack(ptr, n), nil
}

// guest is one instance of the module, driven as its executor would.
type guest struct {
	executor
	mod  api.Module
	host *host
}

func (g *guest) initialize(ctx context.Context) error {
	if g.mod.ExportedFunction("_initialize") == nil {
		return nil
	}
	if _, err := call(ctx, g.mod, "_initialize"); err != nil {
		return err
	}
	return g.host.err
}

// entry calls an entry point and copies what it returns.
func (g *guest) entry(ctx context.Context, name string, args ...uint64) ([]byte, error) {
	packed, err := call(ctx, g.mod, name, args...)
	// What the host objected to often explains the guest's trap.
	if err := errors.Join(g.host.err, err); err != nil {
		return nil, err
	}
	payload, err := read(g.mod, packed)
	if err != nil {
		return nil, fmt.Errorf("%s returned %w", name, err)
	}
	if g.frees {
		ptr, n := unpack(packed)
		if err := deallocate(ctx, g.mod, ptr, n); err != nil {
			return nil, err
		}
	}
	return payload, nil
}

func (g *guest) configSchema(ctx context.Context) ([]byte, error) {
	for _, name := range g.schemas {
		if g.mod.ExportedFunction(name) != nil {
			return g.entry(ctx, name)
		}
	}
	return nil, errors.New("schema function not found")
}

func (g *guest) check(ctx context.Context, config []byte) ([]byte, error) {
	packed, err := write(ctx, g.mod, config)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	ptr, n := unpack(packed)
	payload, err := g.entry(ctx, g.observe, uint64(ptr), uint64(n))
	if g.frees {
		err = errors.Join(err, deallocate(ctx, g.mod, ptr, n))
	}
	return payload, err
}

// allocator says which liberties the guest's memory manager puts up with.
type allocator struct {
	ZeroIsNull     bool `json:"allocate_zero_is_null"`
	FreesNull      bool `json:"frees_null"`
	FreesUnknown   bool `json:"frees_unknown"`
	FreesWrongSize bool `json:"frees_wrong_size"`
	FreesTwice     bool `json:"frees_twice"`
	// StaysSound is false if a later allocation fails or overlaps another,
	// the way an unnoticed double free shows.
	StaysSound bool `json:"stays_sound"`
}

func (a allocator) tolerant() bool {
	return a.FreesNull && a.FreesUnknown && a.FreesWrongSize && a.FreesTwice && a.StaysSound
}

func (g *guest) probeAllocator(ctx context.Context) (a allocator) {
	const size = 64
	sound := true
	alloc := func() uint32 {
		ptr, err := allocate(ctx, g.mod, size)
		sound = sound && err == nil && ptr != 0
		return ptr
	}
	frees := func(ptr, n uint32) bool { return deallocate(ctx, g.mod, ptr, n) == nil }

	zero, err := allocate(ctx, g.mod, 0)
	a.ZeroIsNull = err == nil && zero == 0

	p, q := alloc(), alloc()
	a.FreesNull = frees(0, 0) && frees(0, size)
	a.FreesUnknown = frees(p+8, 8) && frees(math.MaxUint32-15, 16)
	a.FreesWrongSize = frees(q, size*1000)
	a.FreesTwice = frees(p, size) && frees(p, size) && frees(q, size)

	p, q = alloc(), alloc()
	a.StaysSound = sound && (p+size <= q || q+size <= p)
	return a
}
