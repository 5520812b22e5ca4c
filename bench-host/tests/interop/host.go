package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const (
	repliesNormal   = "normal"
	repliesSDKHost  = "sdkhost"
	repliesEnvelope = "envelope"
	repliesDetail   = "detail"
	repliesZero     = "zero"
)

type request struct {
	Function string          `json:"function"`
	Request  json.RawMessage `json:"request"`
}

type logLine struct {
	Level   string    `json:"level"`
	Message string    `json:"message"`
	Attrs   []logAttr `json:"attrs"`
}

// host is the reglet_host module. Every answer is canned: nothing is dialled,
// looked up or run.
type host struct {
	replies string
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
	for name, answer := range functions {
		b = b.NewFunctionBuilder().WithGoModuleFunction(
			api.GoModuleFunc(func(ctx context.Context, mod api.Module, stack []uint64) {
				reply, err := h.serve(ctx, mod, name, answer, stack[0])
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

func (h *host) serve(ctx context.Context, mod api.Module, name string, answer answerFunc, packed uint64) (uint64, error) {
	payload, err := read(mod, packed)
	if err != nil {
		return 0, err
	}
	response, err := answer(payload, h.replies == repliesSDKHost)
	if err != nil {
		return 0, err
	}
	if !h.quiet {
		h.requests = append(h.requests, request{name, payload})
	}
	switch h.replies {
	case repliesZero:
		return 0, nil
	case repliesEnvelope:
		response.normal = envelope{"VALIDATION_ERROR", "network capability denied: example.com:443", 400}
	case repliesDetail:
		response.normal = response.failed
	}
	out, err := json.Marshal(response.normal)
	if err != nil {
		return 0, err
	}
	// The guest is suspended in this very import while its allocate runs.
	return write(ctx, mod, out)
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

type answers struct {
	normal, failed any
}

type answerFunc func(payload []byte, sdk bool) (answers, error)

// decoded makes an answerFunc of one that takes the decoded request.
func decoded[Q any](failed any, normal func(q Q, sdk bool) any) answerFunc {
	return func(payload []byte, sdk bool) (answers, error) {
		var q Q
		if err := decodeStrict(payload, &q); err != nil {
			return answers{}, err
		}
		return answers{normal(q, sdk), failed}, nil
	}
}

var networkError = &errorDetail{
	Message: "dial tcp 192.0.2.10:443: connect: connection refused",
	Type:    "network",
	Code:    "CONNECTION_REFUSED",
}

const (
	latencyMs   = 12
	tlsVersion  = "TLS 1.3"
	cipherSuite = "TLS_AES_128_GCM_SHA256"
)

var functions = map[string]answerFunc{
	"dns_lookup":   decoded(dnsResponse{Error: networkError}, lookup),
	"http_request": decoded(httpResponse{Error: networkError}, fetch),
	"tcp_connect":  decoded(tcpResponse{Error: networkError}, connect),
	"smtp_connect": decoded(smtpResponse{Error: networkError}, greet),
	"exec_command": decoded(execResponse{Error: networkError}, execute),
	"ssrf_check": decoded(ssrfResponse{Reason: "private addresses blocked (RFC 1918)"},
		func(ssrfRequest, bool) any { return ssrfResponse{ResolvedIP: "192.0.2.10", Allowed: true} }),
}

func lookup(q dnsRequest, _ bool) any {
	switch q.Type {
	case "AAAA":
		return dnsResponse{Records: []string{"2001:db8::10"}}
	case "CNAME":
		return dnsResponse{Records: []string{q.Hostname + "."}}
	case "MX":
		return dnsResponse{MXRecords: []mxRecord{{"mail.example.com.", 10}}}
	case "NS":
		return dnsResponse{Records: []string{"ns1.example.com.", "ns2.example.com."}}
	case "TXT":
		return dnsResponse{Records: []string{"v=spf1 -all"}}
	default:
		return dnsResponse{Records: []string{"192.0.2.10"}}
	}
}

func fetch(_ httpRequest, sdk bool) any {
	r := httpResponse{
		Headers:    map[string][]string{"Content-Type": {"text/plain"}, "Set-Cookie": {"a=1", "b=2"}},
		Body:       []byte("hello"),
		StatusCode: 200,
	}
	if sdk {
		r.LatencyMs = latencyMs
	} else {
		r.Proto = "HTTP/1.1"
	}
	return r
}

func connect(q tcpRequest, sdk bool) any {
	notAfter := time.Now().Add(90 * 24 * time.Hour)
	subject, issuer := "CN="+q.Host+",O=Example", "CN=Example CA,O=Example"
	remote := net.JoinHostPort("192.0.2.10", q.Port)
	if sdk {
		r := sdkTCPResponse{RemoteAddr: remote, LatencyMs: latencyMs, Connected: true}
		if isTrue(q.UseTLS) {
			r.TLSVersion, r.TLSCipherSuite, r.TLSServerName = tlsVersion, cipherSuite, serverName(q.Host)
			r.TLSCertSubject, r.TLSCertIssuer = subject, issuer
			r.TLSCertExpiry = notAfter.Format(time.RFC3339)
		}
		return r
	}
	r := tcpResponse{
		LocalAddr:      "192.0.2.1:40000",
		RemoteAddr:     remote,
		Address:        net.JoinHostPort(q.Host, q.Port),
		ResponseTimeMs: latencyMs,
		TLS:            q.TLS,
		Connected:      true,
	}
	if q.TLS {
		r.TLSVersion, r.TLSCipherSuite, r.TLSServerName = tlsVersion, cipherSuite, serverName(q.Host)
		r.TLSCertSubject, r.TLSCertIssuer = subject, issuer
		r.TLSCertNotAfter = &notAfter
	}
	return r
}

func greet(q smtpRequest, sdk bool) any {
	const banner = "220 mail.example.com ESMTP"
	if sdk {
		r := sdkSMTPResponse{Banner: banner, LatencyMs: latencyMs, Connected: true}
		if isTrue(q.UseTLS) || isTrue(q.UseStartTLS) {
			r.TLSVersion, r.TLSCipherSuite, r.TLSServerName = tlsVersion, cipherSuite, serverName(q.Host)
		}
		return r
	}
	r := smtpResponse{
		Address:        net.JoinHostPort(q.Host, q.Port),
		Banner:         banner,
		ResponseTimeMs: latencyMs,
		Connected:      true,
		TLS:            q.TLS || q.StartTLS,
	}
	if r.TLS {
		r.TLSVersion, r.TLSCipherSuite, r.TLSServerName = tlsVersion, cipherSuite, serverName(q.Host)
	}
	return r
}

func execute(execRequest, bool) any {
	return execResponse{Stdout: "hello\n", DurationMs: latencyMs}
}

// serverName is empty for an IP literal, as no SNI is sent for one.
func serverName(host string) string {
	if net.ParseIP(host) != nil {
		return ""
	}
	return host
}

func isTrue(b *bool) bool { return b != nil && *b }
