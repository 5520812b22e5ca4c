//go:build wasip1

package sdk

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

type dnsRequest struct {
	Hostname   string      `json:"hostname"`
	Type       string      `json:"type"`
	Nameserver string      `json:"nameserver,omitempty"`
	Context    wireContext `json:"context"`
}

// DNSResponse is what a lookup found.
type DNSResponse struct {
	Error     *ErrorDetail `json:"error,omitempty"`
	Records   []string     `json:"records,omitempty"`
	MXRecords []MX         `json:"mx_records,omitempty"`
}

// MX is a mail exchanger.
type MX struct {
	Host string `json:"host"`
	Pref uint16 `json:"pref"`
}

// Lookup asks for records of one type. The context is never sent.
func Lookup(hostname, kind, nameserver string) (response DNSResponse, err error) {
	request := dnsRequest{Hostname: hostname, Type: kind, Nameserver: nameserver}
	err = ask(dnsLookup, request, &response, "sdk: failed to unmarshal DNS", kept)
	if err == nil && response.Error != nil {
		err = response.Error
	}
	return response, err
}

// LookupHost asks for the addresses of both families.
func LookupHost(hostname, nameserver string) (addresses []string, err error) {
	for _, kind := range []string{"A", "AAAA"} {
		response, err := Lookup(hostname, kind, nameserver)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, response.Records...)
	}
	return addresses, nil
}

type httpRequestWire struct {
	Headers map[string][]string `json:"headers,omitempty"`
	Method  string              `json:"method"`
	URL     string              `json:"url"`
	Body    string              `json:"body,omitempty"`
	Context wireContext         `json:"context"`
}

type httpResponseWire struct {
	Headers       map[string][]string `json:"headers,omitempty"`
	Error         *ErrorDetail        `json:"error,omitempty"`
	Body          string              `json:"body,omitempty"`
	Proto         string              `json:"proto,omitempty"`
	StatusCode    int                 `json:"status_code"`
	BodyTruncated bool                `json:"body_truncated,omitempty"`
}

// HTTPResponse is an answer to an HTTP request.
type HTTPResponse struct {
	Headers    map[string][]string
	Body       []byte
	Proto      string
	StatusCode int
}

// Do sends an HTTP request.
func (d Dialect) Do(ctx context.Context, method, url string, headers map[string]string, body []byte) (*HTTPResponse, error) {
	request := httpRequestWire{Method: method, URL: url, Body: base64.StdEncoding.EncodeToString(body)}
	if d.HTTPContext {
		request.Context = onWire(ctx)
	}
	if len(headers) > 0 {
		request.Headers = map[string][]string{}
		for name, value := range headers {
			request.Headers[name] = []string{value}
		}
	}
	var response httpResponseWire
	if err := ask(httpRequest, request, &response, "failed to unmarshal", kept); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return nil, response.Error
	}
	if response.BodyTruncated {
		return nil, errors.New("response body too large")
	}
	decoded, err := base64.StdEncoding.DecodeString(response.Body)
	if err != nil {
		return nil, fmt.Errorf("failed to decode response body: %w", err)
	}
	if !d.Detailed {
		response.Proto = ""
	}
	return &HTTPResponse{response.Headers, decoded, response.Proto, response.StatusCode}, nil
}

type tcpRequest struct {
	Host      string      `json:"host"`
	Port      string      `json:"port"`
	Context   wireContext `json:"context"`
	TimeoutMs int         `json:"timeout_ms,omitempty"`
	TLS       bool        `json:"tls"`
}

// TCPResponse is what became of a connection.
type TCPResponse struct {
	TLSCertNotAfter *time.Time   `json:"tls_cert_not_after,omitempty"`
	Error           *ErrorDetail `json:"error,omitempty"`
	TLSVersion      string       `json:"tls_version,omitempty"`
	LocalAddr       string       `json:"local_addr,omitempty"`
	TLSCipherSuite  string       `json:"tls_cipher_suite,omitempty"`
	TLSServerName   string       `json:"tls_server_name,omitempty"`
	TLSCertSubject  string       `json:"tls_cert_subject,omitempty"`
	TLSCertIssuer   string       `json:"tls_cert_issuer,omitempty"`
	RemoteAddr      string       `json:"remote_addr,omitempty"`
	Address         string       `json:"address,omitempty"`
	ResponseTimeMs  int64        `json:"response_time_ms,omitempty"`
	TLS             bool         `json:"tls,omitempty"`
	Connected       bool         `json:"connected"`
}

// Dial connects; without details nobody can ask for TLS.
func (d Dialect) Dial(ctx context.Context, host, port string, timeoutMs int, tls bool) (*TCPResponse, error) {
	request := tcpRequest{host, port, onWire(ctx), timeoutMs, tls && d.Detailed}
	var response TCPResponse
	if err := ask(tcpConnect, request, &response, "failed to unmarshal TCP", !kept); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: %s", response.Error.Type, response.Error.Message)
	}
	return &response, nil
}

type smtpRequest struct {
	Host      string      `json:"host"`
	Port      string      `json:"port"`
	Context   wireContext `json:"context"`
	TimeoutMs int         `json:"timeout_ms,omitempty"`
	TLS       bool        `json:"tls"`
	StartTLS  bool        `json:"starttls"`
}

// SMTPResponse is what became of a connection to a mail server.
type SMTPResponse struct {
	Error          *ErrorDetail `json:"error,omitempty"`
	Address        string       `json:"address,omitempty"`
	Banner         string       `json:"banner,omitempty"`
	TLSVersion     string       `json:"tls_version,omitempty"`
	TLSCipherSuite string       `json:"tls_cipher_suite,omitempty"`
	TLSServerName  string       `json:"tls_server_name,omitempty"`
	ResponseTimeMs int64        `json:"response_time_ms,omitempty"`
	Connected      bool         `json:"connected"`
	TLS            bool         `json:"tls,omitempty"`
}

// ConnectSMTP connects to a mail server.
func ConnectSMTP(ctx context.Context, host, port string, timeoutMs int, tls, startTLS bool) (*SMTPResponse, error) {
	request := smtpRequest{host, port, onWire(ctx), timeoutMs, tls, startTLS}
	var response SMTPResponse
	if err := ask(smtpConnect, request, &response, "failed to unmarshal SMTP", !kept); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: %s", response.Error.Type, response.Error.Message)
	}
	return &response, nil
}

type execRequest struct {
	Args    []string    `json:"args"`
	Env     []string    `json:"env,omitempty"`
	Command string      `json:"command"`
	Dir     string      `json:"dir,omitempty"`
	Context wireContext `json:"context"`
}

// ExecResponse is what a command printed, and how it ended.
type ExecResponse struct {
	Error      *ErrorDetail `json:"error,omitempty"`
	Stdout     string       `json:"stdout"`
	Stderr     string       `json:"stderr"`
	ExitCode   int          `json:"exit_code"`
	DurationMs int64        `json:"duration_ms,omitempty"`
	IsTimeout  bool         `json:"is_timeout,omitempty"`
}

// Run runs a command. Its time limit is that of the context.
func Run(ctx context.Context, command string, args, env []string, dir string) (*ExecResponse, error) {
	request := execRequest{args, env, command, dir, onWire(ctx)}
	var response ExecResponse
	if err := ask(execCommand, request, &response, "failed to unmarshal", !kept); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return nil, response.Error
	}
	return &response, nil
}
