//go:build wasip1

// The check as Go builds it for a Reglet host of generation B: the entry points, and encoding/json.
package main

import (
	"encoding/json"
	"fmt"
	"time"
	"unsafe"
)

type config struct {
	Host       string   `json:"host"`
	Port       uint16   `json:"port"`
	Tags       []string `json:"tags"`
	MinVersion int64    `json:"min_version"`
	Strict     bool     `json:"strict"`
}

type outcome struct {
	Timestamp time.Time      `json:"timestamp"`
	Status    string         `json:"status"`
	Message   string         `json:"message"`
	Data      map[string]any `json:"data"`
}

type record struct {
	Timestamp time.Time `json:"timestamp"`
	Level     string    `json:"level"`
	Message   string    `json:"message"`
	Attrs     []string  `json:"attrs"`
}

//go:wasmimport reglet_host log_message
func logMessage(packed uint64)

// What the host reads or writes stays here until it gives it back.
var lent = map[uint32][]byte{}

func lend(buffer []byte) uint64 {
	pointer := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
	lent[pointer] = buffer
	return uint64(pointer)<<32 | uint64(len(buffer))
}

func document(value any) uint64 {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return lend(text)
}

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	return uint32(lend(make([]byte, max(size, 1))) >> 32)
}

//go:wasmexport deallocate
func deallocate(pointer, size uint32) {
	delete(lent, pointer)
}

//go:wasmexport _manifest
func manifest() uint64 {
	return document(map[string]any{
		"name": "check", "version": "0.1.0", "description": "Does what others do", "sdk_version": "0.1.0",
		"config_schema": json.RawMessage(`{"type":"object"}`), "services": map[string]any{}, "capabilities": map[string]any{},
	})
}

//go:wasmexport _observe
func observe(pointer, size uint32) uint64 {
	var c config
	if err := json.Unmarshal(lent[pointer][:size], &c); err != nil {
		return document(outcome{Timestamp: time.Now(), Status: "error", Message: err.Error()})
	}
	log := document(record{Timestamp: time.Now(), Level: "INFO", Message: "checking " + c.Host, Attrs: []string{}})
	logMessage(log)
	deallocate(uint32(log>>32), uint32(log))
	status := "success"
	if c.Strict && c.MinVersion < 12 {
		status = "failure"
	}
	return document(outcome{
		Timestamp: time.Now(), Status: status, Message: fmt.Sprintf("%s is checked", c.Host),
		Data: map[string]any{"host": c.Host, "port": c.Port, "tags": len(c.Tags)},
	})
}

func main() {}
