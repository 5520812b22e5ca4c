package main

import (
	"net"
	"strconv"
	"time"
)

// function is how hosts read the requests for one function.
type function struct {
	// wire and sdk read strictly, in the wire dialect and in that of the Go
	// SDK's hosts.
	wire, sdk func(payload []byte) (query, error)
	// official says why a host of the Go SDK can't read a request.
	official func(payload []byte) error
}

var functions = map[string]function{
	"dns_lookup":   {reads[dnsRequest], reads[dnsRequest], takes[DNSLookupRequest]},
	"http_request": {reads[httpRequest], reads[sdkHTTPRequest], takes[HTTPRequest]},
	"tcp_connect":  {reads[tcpRequest], reads[sdkTCPRequest], takes[TCPConnectRequest]},
	"smtp_connect": {reads[smtpRequest], reads[sdkSMTPRequest], takes[SMTPConnectRequest]},
	"exec_command": {reads[execRequest], reads[execRequest], takes[ExecCommandRequest]},
	"ssrf_check":   {reads[ssrfRequest], reads[ssrfRequest], takes[ssrfRequest]},
	"packages":     {reads[packagesRequest], reads[packagesRequest], takes[packagesRequest]},
}

// answers are what hosts may say to a request. Each is canned: nothing is
// dialled, looked up or run.
type answers struct {
	wire, sdk any
	// The same hosts report an error.
	failed, sdkFailed any
	// empty has nothing in it that can be left out.
	empty any
}

var networkError = &errorDetail{
	Wrapped: &errorDetail{Message: "connection refused", Type: "syscall", Code: "ECONNREFUSED"},
	Details: map[string]any{"address": "192.0.2.10:443", "attempts": []int{1, 2}},
	Message: "dial tcp 192.0.2.10:443: connect: connection refused",
	Type:    "network",
	Code:    "CONNECTION_REFUSED",
	// All byte values that base64 writes differently in its other alphabet.
	Stack:      []byte{0xfb, 0xef, 0xff},
	IsTimeout:  true,
	IsNotFound: true,
}

var refused = &sdkError{Code: "LOOKUP_FAILED", Message: `lookup "<x>" on 192.0.2.53:53: no such host`}

const (
	latencyMs   = 12
	tlsVersion  = "TLS 1.3"
	cipherSuite = "TLS_AES_128_GCM_SHA256"
	// output is not UTF-8: what it is in JSON, hosts leave to encoding/json.
	output = "a\xff\x00b\u2028<é>😀\n"
)

func (q dnsRequest) answers() answers {
	var records []string
	var exchangers []mxRecord
	switch q.Type {
	case "A":
		records = []string{"192.0.2.10", "192.0.2.11"}
	case "AAAA":
		records = []string{"2001:db8::10"}
	case "CNAME":
		records = []string{q.Hostname + "."}
	case "MX":
		exchangers = []mxRecord{{"mail.example.com.", 0}, {"backup.example.com.", 20}, {"last.example.com.", 65535}}
	case "NS":
		records = []string{"ns1.example.com.", "ns2.example.com."}
	case "TXT":
		records = []string{"v=spf1 -all", `"quoted" \ <é> & 😀`, ""}
	}
	return answers{
		wire:      dnsResponse{Records: records, MXRecords: exchangers},
		sdk:       sdkDNSResponse{Records: records, MXRecords: exchangers},
		failed:    dnsResponse{Error: networkError},
		sdkFailed: sdkDNSResponse{Error: refused},
		empty:     dnsResponse{},
	}
}

func (q httpRequest) answers() answers { return fetched(q.Body) }

func (q sdkHTTPRequest) answers() answers { return fetched(q.Body) }

// fetched sends the request's body back.
func fetched(body []byte) answers {
	headers := map[string][]string{"Content-Type": {"text/plain"}, "Set-Cookie": {"a=1", "b=\"2\""}}
	return answers{
		wire:      httpResponse{Headers: headers, Body: body, StatusCode: 200, Proto: "HTTP/1.1"},
		sdk:       sdkHTTPResponse{Headers: headers, Body: body, StatusCode: 200, LatencyMs: latencyMs},
		failed:    httpResponse{Error: networkError},
		sdkFailed: sdkHTTPResponse{Error: refused},
		empty:     httpResponse{StatusCode: 204},
	}
}

func (q tcpRequest) answers() answers { return connected(q.Host, q.Port, q.TLS, isTrue(q.UseTLS)) }

func (q sdkTCPRequest) answers() answers {
	return connected(q.Host, strconv.Itoa(q.Port), isTrue(q.TLS), q.UseTLS)
}

func connected(host, port string, tls, useTLS bool) answers {
	notAfter := time.Now().Add(90 * 24 * time.Hour).In(time.FixedZone("", 3600))
	subject, issuer := "CN="+host+",O=Example", "CN=Example CA,O=Example"
	remote := net.JoinHostPort("192.0.2.10", port)
	wire := tcpResponse{
		LocalAddr:      "192.0.2.1:40000",
		RemoteAddr:     remote,
		Address:        net.JoinHostPort(host, port),
		ResponseTimeMs: latencyMs,
		TLS:            tls,
		Connected:      true,
	}
	if tls {
		wire.TLSVersion, wire.TLSCipherSuite, wire.TLSServerName = tlsVersion, cipherSuite, serverName(host)
		wire.TLSCertSubject, wire.TLSCertIssuer, wire.TLSCertNotAfter = subject, issuer, &notAfter
	}
	sdk := sdkTCPResponse{RemoteAddr: remote, LatencyMs: latencyMs, Connected: true}
	if useTLS {
		sdk.TLSVersion, sdk.TLSCipherSuite, sdk.TLSServerName = tlsVersion, cipherSuite, serverName(host)
		sdk.TLSCertSubject, sdk.TLSCertIssuer = subject, issuer
		sdk.TLSCertExpiry = notAfter.Format(time.RFC3339)
	}
	return answers{
		wire:      wire,
		sdk:       sdk,
		failed:    tcpResponse{Error: networkError},
		sdkFailed: sdkTCPResponse{Error: refused},
		empty:     tcpResponse{Connected: true},
	}
}

func (q smtpRequest) answers() answers {
	return greeted(q.Host, q.Port, q.TLS || q.StartTLS, isTrue(q.UseTLS), isTrue(q.UseStartTLS))
}

func (q sdkSMTPRequest) answers() answers {
	return greeted(q.Host, strconv.Itoa(q.Port), isTrue(q.TLS) || isTrue(q.StartTLS), q.UseTLS, q.UseStartTLS)
}

func greeted(host, port string, secure, useTLS, useStartTLS bool) answers {
	const banner = "220 mail.example.com ESMTP"
	wire := smtpResponse{
		Address:        net.JoinHostPort(host, port),
		Banner:         banner,
		ResponseTimeMs: latencyMs,
		Connected:      true,
		TLS:            secure,
	}
	if secure {
		wire.TLSVersion, wire.TLSCipherSuite, wire.TLSServerName = tlsVersion, cipherSuite, serverName(host)
	}
	sdk := sdkSMTPResponse{LatencyMs: latencyMs, Connected: true}
	if useTLS {
		// In the other cases net/smtp takes the greeting, and these hosts
		// do not see it.
		sdk.Banner = banner
	}
	if useTLS || useStartTLS {
		sdk.TLSVersion, sdk.TLSCipherSuite, sdk.TLSServerName = tlsVersion, cipherSuite, serverName(host)
	}
	return answers{
		wire:      wire,
		sdk:       sdk,
		failed:    smtpResponse{Error: networkError},
		sdkFailed: sdkSMTPResponse{Error: refused},
		empty:     smtpResponse{Connected: true},
	}
}

func (q execRequest) answers() answers {
	return answers{
		wire: execResponse{Stdout: output, Stderr: "oops\n", ExitCode: 3, DurationMs: latencyMs},
		sdk: sdkExecResponse{
			Stdout: output, ExitCode: -1, DurationMs: latencyMs, IsTimeout: true, StdoutTruncated: true, StderrTruncated: true,
		},
		failed:    execResponse{Error: networkError},
		sdkFailed: sdkExecResponse{Error: refused},
		empty:     execResponse{},
	}
}

func (q ssrfRequest) answers() answers {
	allowed := ssrfResponse{ResolvedIP: "192.0.2.10", Allowed: true}
	// It has no errors: an address that can't be resolved is not allowed.
	denied := ssrfResponse{Reason: "private addresses blocked (RFC 1918)"}
	return answers{wire: allowed, sdk: allowed, failed: denied, sdkFailed: denied, empty: ssrfResponse{}}
}

func (q packagesRequest) answers() answers {
	found := packagesResponse{
		Complete:  q.Strict,
		Installed: len(q.Names),
		// More than a float64 holds.
		Drift:  -1<<62 - 1,
		Names:  q.Names,
		Newest: map[string]any{"name": q.Manager, "versions": []any{1.5, "2", nil, true}},
		Source: "C:\\packages\n",
	}
	return answers{
		wire:      found,
		sdk:       found,
		failed:    packagesResponse{Error: networkError},
		sdkFailed: packagesResponse{Error: refused},
		empty:     packagesResponse{},
	}
}

// serverName is empty for an IP literal, as no SNI is sent for one.
func serverName(host string) string {
	if net.ParseIP(host) != nil {
		return ""
	}
	return host
}

func isTrue(b *bool) bool { return b != nil && *b }
