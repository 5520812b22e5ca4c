//go:build wasip1

// Package probe is the plugin that all generations share: the configuration
// says what it does.
package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"reglet.dev/interop/guests/sdk"
)

// Config says what the check does, and with what.
type Config struct {
	Do string `json:"do"`

	Host       string            `json:"host"`
	Port       int               `json:"port"`
	TLS        bool              `json:"tls"`
	StartTLS   bool              `json:"starttls"`
	Type       string            `json:"type"`
	Nameserver string            `json:"nameserver"`
	URL        string            `json:"url"`
	Method     string            `json:"method"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	Command    string            `json:"command"`
	Args       []string          `json:"args"`
	Env        []string          `json:"env"`
	Dir        string            `json:"dir"`
	Path       string            `json:"path"`
	Name       string            `json:"name"`
	// ContextMs is the time that the check's context has; 0 for no end.
	ContextMs int `json:"context_ms"`
	SleepMs   int `json:"sleep_ms"`
}

// Schema is that of the configuration.
const Schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "properties": {
    "do": {
      "type": "string"
    }
  },
  "type": "object",
  "required": [
    "do"
  ]
}`

type action func(context.Context, sdk.Dialect, Config) (sdk.Result, error)

var actions = map[string]action{
	"dns":    dns,
	"http":   http,
	"tcp":    tcp,
	"smtp":   smtp,
	"custom": custom,
	"ssrf":   ssrf,
	"exec":   command,
	"files":  files,
	"env":    environment,
	"time":   clock,
	"random": random,
	"print":  printing,
	"log":    logging,
	"error": func(context.Context, sdk.Dialect, Config) (sdk.Result, error) {
		return sdk.Result{}, errors.New("plain error")
	},
	"detail": func(context.Context, sdk.Dialect, Config) (sdk.Result, error) {
		return sdk.Failed(&sdk.ErrorDetail{
			Message: "bad", Type: "config", Code: "C", Details: map[string]any{"z": 1, "a": 2},
			Wrapped: &sdk.ErrorDetail{Message: "cause", Type: "network", IsTimeout: true},
		}), nil
	},
	"panic": func(context.Context, sdk.Dialect, Config) (sdk.Result, error) { panic("boom <x>") },
	"nil": func(_ context.Context, _ sdk.Dialect, config Config) (sdk.Result, error) {
		var nothing *Config
		nothing.Do = config.Do
		return sdk.Result{}, nil
	},
	"values": func(context.Context, sdk.Dialect, Config) (sdk.Result, error) {
		return sdk.Success("ok", map[string]any{
			"html": "<a href='x'>&</a>\u2028", "big": 1e21, "int": math.MaxInt64, "bytes": []byte("hi"),
			"nil": nil, "slice": []string(nil), "dur": time.Second,
		}), nil
	},
	"nan": func(context.Context, sdk.Dialect, Config) (sdk.Result, error) {
		return sdk.Success("ok", map[string]any{"nan": math.NaN()}), nil
	},
}

// Check does what the configuration says.
func Check(ctx context.Context, dialect sdk.Dialect, raw []byte) (sdk.Result, error) {
	var config Config
	if err := json.Unmarshal(raw, &config); err != nil {
		return sdk.Result{}, err
	}
	do := actions[config.Do]
	if do == nil {
		return sdk.Result{}, fmt.Errorf("nothing is called %q", config.Do)
	}
	if config.ContextMs > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(config.ContextMs)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	return do(ctx, dialect, config)
}

type nested struct{ text string }

func (n nested) LogValue() slog.Value { return slog.StringValue(n.text) }

func logging(ctx context.Context, _ sdk.Dialect, _ Config) (sdk.Result, error) {
	slog.DebugContext(ctx, "never seen")
	slog.WarnContext(ctx, "all kinds",
		"s", "x", "i", 7, "u", uint64(8), "f", 1.5, "b", true, "d", 1500*time.Millisecond,
		"t", time.Unix(0, 5).UTC(), "e", errors.New("ee"), "n", nil, "j", map[string]string{"k": "<v>"},
		slog.Group("g", "x", 1), "v", nested{"resolved"}, "c", complex(1, 2))
	slog.With("lost", 1).InfoContext(ctx, "with")
	slog.Log(ctx, slog.LevelError+2, "custom level")
	return sdk.Success("logged", nil), nil
}
