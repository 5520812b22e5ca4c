//go:build wasip1

// A plugin as Go's SDK of generation A′ builds them.
package main

import (
	"encoding/json"

	"reglet.dev/interop/guests/probe"
	"reglet.dev/interop/guests/sdk"
)

func init() { sdk.Register(sdk.Dialect{}, probe.Check) }

//go:wasmexport _manifest
func manifest() uint64 {
	return sdk.Document(sdk.Manifest{
		Name: "probe-aprime", Version: "1.0.0", Description: "Does <what> it is told & no more",
		SDKVersion: "0.1.0", ConfigSchema: json.RawMessage(probe.Schema),
		Capabilities: sdk.GrantSet{Network: &sdk.Network{
			Rules: []sdk.NetworkRule{{Hosts: []string{"127.0.0.1"}, Ports: []string{"443"}}},
		}},
	})
}

//go:wasmexport _observe
func observe(ptr, size uint32) uint64 { return sdk.Observe(ptr, size) }

func main() {}
