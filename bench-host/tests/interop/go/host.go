package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// What host functions answer.
const (
	// The wire dialect, as on the command line.
	repliesNormal = "normal"
	// The dialect of the Go SDK's hosts, to a request in the wire dialect.
	repliesSDKHost = "sdkhost"
	// The same, and requests must be in that dialect too: so those hosts are.
	repliesSDKOnly = "sdkonly"
	// An error, in one dialect and the other.
	repliesDetail   = "detail"
	repliesSDKError = "sdkerror"
	// An error detail of which only the message is set.
	repliesUntyped = "untyped"
	// An error detail with its code in place of the type, as from the newest
	// command line.
	repliesCode = "code"
	// What hosts of the Go SDK say where the handler was not run, or panicked.
	repliesEnvelope = "envelope"
	repliesPanic    = "panic"
	// As little as possible, and the same with all keys.
	repliesEmpty = "empty"
	repliesNulls = "nulls"
	// No answer.
	repliesZero = "zero"
)

var replies = []string{
	repliesNormal, repliesSDKHost, repliesSDKOnly, repliesDetail, repliesSDKError, repliesUntyped, repliesCode,
	repliesEnvelope, repliesPanic, repliesEmpty, repliesNulls, repliesZero,
}

type request struct {
	Function string `json:"function"`
	Request  query  `json:"request"`
}

type logLine struct {
	Level   string    `json:"level"`
	Message string    `json:"message"`
	Attrs   []logAttr `json:"attrs"`
}

// host is the reglet_host module.
type host struct {
	replies string
	// without is a function that is not offered.
	without string
	// maxRequest is the size of the largest request that is read; 0 for any.
	maxRequest int
	// plainTCP says that connections are never made over TLS.
	plainTCP bool
	// quiet stops the recording, not the checking, so that a long run does
	// not list the same requests over and over.
	quiet    bool
	requests []request
	logs     []logLine
	// err is the first violation of the protocol. A host function has no way
	// to fail, so whoever called the guest looks here afterwards.
	err error
}

func (h *host) instantiate(ctx context.Context, r wazero.Runtime) error {
	i64 := []api.ValueType{api.ValueTypeI64}
	b := r.NewHostModuleBuilder("reglet_host")
	for name, f := range functions {
		if name == h.without {
			continue
		}
		b = b.NewFunctionBuilder().WithGoModuleFunction(
			api.GoModuleFunc(func(ctx context.Context, mod api.Module, stack []uint64) {
				reply, err := h.serve(ctx, mod, name, f, stack[0])
				h.fail(name, err)
				stack[0] = reply
			}), i64, i64).Export(name)
	}
	b = b.NewFunctionBuilder().WithGoModuleFunction(
		api.GoModuleFunc(func(_ context.Context, mod api.Module, stack []uint64) {
			h.fail("log_message", h.log(mod, stack[0]))
		}), i64, nil).Export("log_message")
	_, err := b.Instantiate(ctx)
	return err
}

func (h *host) fail(function string, err error) {
	if h.err == nil && err != nil {
		h.err = fmt.Errorf("%s: %w", function, err)
	}
}

func (h *host) serve(ctx context.Context, mod api.Module, name string, f function, packed uint64) (uint64, error) {
	payload, err := read(mod, packed)
	if err != nil {
		return 0, err
	}
	reply, err := h.answer(name, f, payload)
	if reply == nil || err != nil {
		return 0, err
	}
	out, err := json.Marshal(reply)
	if err != nil {
		return 0, err
	}
	// The guest is suspended in this very import while its allocate runs.
	return write(ctx, mod, out)
}

// answer is nil where the host has none.
func (h *host) answer(name string, f function, payload []byte) (any, error) {
	decode, refusal := f.wire, ""
	if h.maxRequest > 0 && len(payload) > h.maxRequest {
		refusal = fmt.Sprintf("request size %d exceeds maximum %d bytes", len(payload), h.maxRequest)
	} else if h.replies == repliesSDKOnly {
		if err := f.official(payload); err != nil {
			refusal = fmt.Sprintf("failed to unmarshal request: %v", err)
		} else {
			decode = f.sdk
		}
	}
	q, err := decode(payload)
	if err != nil {
		return nil, err
	}
	if !h.quiet {
		h.requests = append(h.requests, request{name, q})
	}
	if refusal != "" {
		return envelope{"VALIDATION_ERROR", refusal, 400}, nil
	}
	if connect, ok := q.(sdkTCPRequest); ok && h.plainTCP {
		connect.UseTLS = false
		q = connect
	}
	a := q.answers()
	switch h.replies {
	case repliesSDKHost, repliesSDKOnly:
		return a.sdk, nil
	case repliesDetail:
		return a.failed, nil
	case repliesSDKError:
		return a.sdkFailed, nil
	case repliesUntyped:
		return map[string]any{"error": errorDetail{Message: "no reason given"}}, nil
	case repliesCode:
		return map[string]any{"error": errorDetail{Message: "dial tcp 192.0.2.10:443: i/o timeout", Type: "TIMEOUT"}}, nil
	case repliesEnvelope:
		return envelope{"VALIDATION_ERROR", "network capability denied: example.com:443", 400}, nil
	case repliesPanic:
		return envelope{"INTERNAL_ERROR", "panic: runtime error: index out of range [1] with length 1", 500}, nil
	case repliesEmpty:
		return a.empty, nil
	case repliesNulls:
		return spelledOut(a.empty), nil
	case repliesZero:
		return nil, nil
	default:
		return a.wire, nil
	}
}

func (h *host) log(mod api.Module, packed uint64) error {
	payload, err := read(mod, packed)
	if err != nil {
		return err
	}
	var msg logMessage
	if err := decodeStrict(payload, &msg); err != nil {
		return err
	}
	if !h.quiet {
		h.logs = append(h.logs, logLine{msg.Level, msg.Message, msg.Attrs})
	}
	return nil
}
