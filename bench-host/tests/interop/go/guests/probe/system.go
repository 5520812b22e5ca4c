//go:build wasip1

package probe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"reglet.dev/interop/guests/sdk"
)

func command(ctx context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	output, err := sdk.Run(ctx, config.Command, config.Args, config.Env, config.Dir)
	if err != nil {
		return sdk.Result{}, err
	}
	return sdk.Success("run", map[string]any{
		"stdout": output.Stdout, "stderr": output.Stderr, "exit_code": output.ExitCode, "is_timeout": output.IsTimeout,
	}), nil
}

// files reads a file, or writes one if there is a body.
func files(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	if config.Body != "" {
		err := os.WriteFile(config.Path, []byte(config.Body), 0o600)
		return sdk.Success("written", nil), err
	}
	content, err := os.ReadFile(config.Path)
	return sdk.Success("read", map[string]any{"content": string(content)}), err
}

func environment(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	value, found := os.LookupEnv(config.Name)
	return sdk.Success("env", map[string]any{"value": value, "found": found, "all": os.Environ(), "args": os.Args}), nil
}

func clock(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	start := time.Now()
	time.Sleep(time.Duration(config.SleepMs) * time.Millisecond)
	slept := time.Since(start)
	return sdk.Success("time", map[string]any{"unix": start.Unix(), "slept_ms": slept.Milliseconds()}), nil
}

func random(context.Context, sdk.Dialect, Config) (sdk.Result, error) {
	var drawn [2][32]byte
	for i := range drawn {
		if _, err := rand.Read(drawn[i][:]); err != nil {
			return sdk.Result{}, err
		}
	}
	return sdk.Success("random", map[string]any{
		"first": hex.EncodeToString(drawn[0][:]), "second": hex.EncodeToString(drawn[1][:]),
	}), nil
}

func printing(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
	fmt.Println(config.Body)
	fmt.Fprintln(os.Stderr, config.Body)
	return sdk.Success("printed", nil), nil
}
