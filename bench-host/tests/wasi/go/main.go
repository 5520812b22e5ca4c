// A plugin of generation B in plain Go: what its config names is done with the standard library.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"
	"unsafe"
)

type config struct {
	Do   string `json:"do"`
	Path string `json:"path"`
	Text string `json:"text"`
}

var buffers = map[uint32][]byte{}

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	if size == 0 {
		return 0
	}
	buffer := make([]byte, size)
	address := uint32(uintptr(unsafe.Pointer(&buffer[0])))
	buffers[address] = buffer
	return address
}

//go:wasmexport deallocate
func deallocate(address, _ uint32) {
	delete(buffers, address)
}

//go:wasmexport _manifest
func manifest() uint64 {
	return give(map[string]any{"name": "go", "version": "1.0.0"})
}

//go:wasmexport _schema
func schema() uint64 {
	return give(map[string]any{"type": "object"})
}

//go:wasmexport _observe
func observe(address, size uint32) uint64 {
	var config config
	if err := json.Unmarshal(buffers[address][:size], &config); err != nil {
		return outcome("", err)
	}
	return outcome(do(config))
}

func do(config config) (string, error) {
	switch config.Do {
	case "time":
		start := time.Now()
		time.Sleep(50 * time.Millisecond)
		return fmt.Sprint(time.Since(start).Milliseconds()), nil
	case "sleep":
		time.Sleep(time.Hour)
		return "", nil
	case "random":
		bytes := make([]byte, 16)
		_, err := rand.Read(bytes)
		return hex.EncodeToString(bytes), err
	case "environment":
		return os.Getenv(config.Text), nil
	case "read":
		bytes, err := os.ReadFile(config.Path)
		return string(bytes), err
	case "write":
		return "", os.WriteFile(config.Path, []byte(config.Text), 0o600)
	case "list":
		entries, err := os.ReadDir(config.Path)
		names := ""
		for _, entry := range entries {
			names += entry.Name() + " "
		}
		return names, err
	case "folders":
		if err := os.MkdirAll(config.Path+"/a/b", 0o700); err != nil {
			return "", err
		}
		if err := os.Rename(config.Path+"/a", config.Path+"/c"); err != nil {
			return "", err
		}
		return "", os.RemoveAll(config.Path + "/c")
	case "print":
		fmt.Println(config.Text)
		fmt.Fprint(os.Stderr, config.Text)
		return "", nil
	case "panic":
		panic(config.Text)
	case "exit":
		fmt.Fprintln(os.Stderr, config.Text)
		os.Exit(3)
	}
	return "", fmt.Errorf("unknown: %s", config.Do)
}

func outcome(text string, err error) uint64 {
	result := map[string]any{"status": "success", "timestamp": time.Now(), "data": map[string]any{"text": text}}
	if err != nil {
		result["status"] = "failure"
		result["message"] = err.Error()
		result["data"] = map[string]any{"denied": os.IsPermission(err), "missing": os.IsNotExist(err)}
	}
	return give(result)
}

func give(document any) uint64 {
	bytes, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	address := allocate(uint32(len(bytes)))
	copy(buffers[address], bytes)
	return uint64(address)<<32 | uint64(len(bytes))
}

func main() {}
