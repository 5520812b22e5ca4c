//go:build wasip1

package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

//go:wasmimport reglet_host dns_lookup
func dnsLookup(request uint64) uint64

//go:wasmimport reglet_host http_request
func httpRequest(request uint64) uint64

//go:wasmimport reglet_host tcp_connect
func tcpConnect(request uint64) uint64

//go:wasmimport reglet_host smtp_connect
func smtpConnect(request uint64) uint64

//go:wasmimport reglet_host exec_command
func execCommand(request uint64) uint64

//go:wasmimport reglet_host log_message
func logMessage(record uint64)

// wireContext is what a request says about the call that it belongs to.
type wireContext struct {
	Deadline  *time.Time `json:"deadline,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
	TimeoutMs int64      `json:"timeout_ms,omitempty"`
	Canceled  bool       `json:"canceled,omitempty"`
}

func onWire(ctx context.Context) (wire wireContext) {
	if deadline, ok := ctx.Deadline(); ok {
		wire.Deadline = &deadline
		wire.TimeoutMs = max(time.Until(deadline).Milliseconds(), 0)
	}
	wire.Canceled = ctx.Err() != nil
	return wire
}

// kept says that a request is never freed, which is what some adapters forget.
const kept = true

// ask sends a request and reads the answer. The texts are those of the adapter
// of this function.
func ask(function func(uint64) uint64, request, response any, kind string, keep bool) error {
	payload, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("failed to marshal request: %w", err)
	}
	packed := hand(payload)
	answered := function(packed)
	if !keep {
		free(packed)
	}
	answer := received(answered)
	free(answered)
	if err := json.Unmarshal(answer, response); err != nil {
		return fmt.Errorf("%s response: %w", kind, err)
	}
	return nil
}

// CallHost asks a function that is none of the protocol's.
func CallHost[Response any](function func(uint64) uint64, request any) (response Response, err error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return response, err
	}
	// Requests may stand anywhere.
	answer := received(function(pack(address(payload), uint32(len(payload)))))
	if len(answer) == 0 {
		return response, fmt.Errorf("host returned no data")
	}
	return response, json.Unmarshal(answer, &response)
}
