//go:build wasip1

package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// Dialect is where the generations differ in what they send and show.
type Dialect struct {
	// ConfigIsMap has the configuration read before the check gets it.
	ConfigIsMap bool
	// HTTPContext has the context sent along with HTTP requests.
	HTTPContext bool
	// Detailed has connections tell of TLS, and responses of their protocol.
	Detailed bool
}

// Check is a plugin's own part.
type Check func(ctx context.Context, dialect Dialect, config []byte) (Result, error)

var registered struct {
	Dialect
	check Check
}

// Register is to be called from an init function: main never runs.
func Register(dialect Dialect, check Check) {
	registered.Dialect, registered.check = dialect, check
	slog.Info("sdk: plugin registered successfully", "userPlugin_addr", fmt.Sprintf("%p", check))
}

// Document answers with the metadata or the manifest.
func Document(document any) uint64 {
	return answer(func() ([]byte, error) { return json.Marshal(document) })
}

// Bytes answers with these bytes.
func Bytes(document []byte) uint64 {
	return answer(func() ([]byte, error) { return document, nil })
}

// Observe runs the check.
func Observe(ptr, size uint32) uint64 {
	return answer(func() ([]byte, error) {
		if registered.check == nil {
			return nil, fmt.Errorf("plugin not registered")
		}
		config := received(pack(ptr, size))
		if registered.ConfigIsMap {
			var values map[string]any
			if err := json.Unmarshal(config, &values); err != nil {
				return nil, fmt.Errorf("failed to parse config: %w", err)
			}
			config, _ = json.Marshal(values)
		}
		result, err := registered.check(context.Background(), registered.Dialect, config)
		if err != nil {
			// Nothing but the text of the error gets through.
			result = Failure(err.Error(), nil)
		}
		if result.Timestamp.IsZero() {
			result.Timestamp = time.Now()
		}
		return json.Marshal(result)
	})
}

func answer(function func() ([]byte, error)) (packed uint64) {
	defer func() {
		if panicked := recover(); panicked != nil {
			freeAll()
			message := fmt.Sprintf("plugin panic: %v", panicked)
			slog.Error("sdk: plugin panic recovered", "error", message)
			packed = failed(&ErrorDetail{Message: message, Type: "panic", Stack: debug.Stack()})
		}
	}()
	payload, err := function()
	if err != nil {
		slog.Error("sdk: plugin function returned error", "error", err.Error())
		return failed(toErrorDetail(err))
	}
	return hand(payload)
}

func failed(detail *ErrorDetail) uint64 {
	payload, err := json.Marshal(Result{Timestamp: time.Now(), Error: detail, Status: "error"})
	if err != nil {
		slog.Error("sdk: failed to marshal result")
		return 0
	}
	return hand(payload)
}
