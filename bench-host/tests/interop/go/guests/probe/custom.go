//go:build wasip1

package probe

import (
	"context"

	"reglet.dev/interop/guests/sdk"
)

// Functions for which the SDK has no adapter.

//go:wasmimport reglet_host greet
func greet(request uint64) uint64

//go:wasmimport reglet_host ssrf_check
func ssrfCheck(request uint64) uint64

func custom(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	greeting, err := sdk.CallHost[any](greet, map[string]string{"name": config.Name})
	return sdk.Success("greeted", map[string]any{"greeting": greeting}), err
}

func ssrf(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	verdict, err := sdk.CallHost[any](ssrfCheck, map[string]string{"address": config.Host})
	return sdk.Success("judged", map[string]any{"verdict": verdict}), err
}
