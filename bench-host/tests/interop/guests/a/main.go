//go:build wasip1

// A plugin as Go's SDK of generation A builds them.
package main

import (
	"reglet.dev/interop/guests/probe"
	"reglet.dev/interop/guests/sdk"
)

func init() {
	sdk.Register(sdk.Dialect{ConfigIsMap: true}, probe.Check)
	probe.Add("custom", custom)
}

//go:wasmexport describe
func describe() uint64 {
	return sdk.Document(sdk.Metadata{
		Name: "probe-a", Version: "1.0.0", Description: "Does <what> it is told & no more",
		SDKVersion: "0.1.0-alpha", MinHostVersion: "0.2.0",
		Capabilities: []sdk.Capability{{Kind: "network:outbound", Pattern: "127.0.0.1:443"}},
	})
}

//go:wasmexport schema
func schema() uint64 { return sdk.Bytes([]byte(probe.Schema)) }

//go:wasmexport observe
func observe(ptr, size uint32) uint64 { return sdk.Observe(ptr, size) }

//go:wasmimport reglet_host greet
func greet(request uint64) uint64

//go:wasmimport reglet_host ssrf_check
func ssrfCheck(request uint64) uint64

// custom asks the functions for which the SDK has no adapter.
func custom(config probe.Config) (sdk.Result, error) {
	greeting, err := sdk.CallHost[any](greet, map[string]string{"name": config.Name})
	if err != nil {
		return sdk.Result{}, err
	}
	verdict, err := sdk.CallHost[any](ssrfCheck, map[string]string{"address": config.Host})
	return sdk.Success("custom", map[string]any{"greeting": greeting, "verdict": verdict}), err
}

func main() {}
