package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// query is a request that was decoded strictly.
type query interface {
	answers() answers
}

// reads decodes a request of which nothing may be lost: written again, it must
// be what the guest sent.
func reads[Q query](payload []byte) (query, error) {
	var q Q
	if err := decodeStrict(payload, &q); err != nil {
		return nil, err
	}
	again, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	if !sameJSON(payload, again) {
		return nil, fmt.Errorf("%T: the guest sent %s, which is read as %s", q, payload, again)
	}
	return q, nil
}

// takes is how a host of the Go SDK decodes a request: with no eye for keys
// that it does not know.
func takes[Q any](payload []byte) error {
	var q Q
	return json.Unmarshal(payload, &q)
}

func sameJSON(a, b []byte) bool {
	var values [2]any
	for i, text := range [][]byte{a, b} {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if dec.Decode(&values[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// Requests in the wire dialect. A pointer marks a key of the other dialect that
// a guest may send along, because hosts of this one ignore it.

type wireContext struct {
	Deadline  *time.Time `json:"deadline,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
	TimeoutMs int64      `json:"timeout_ms,omitempty"`
	Canceled  bool       `json:"canceled,omitempty"`
}

type dnsRequest struct {
	Hostname   string      `json:"hostname"`
	Type       string      `json:"type"`
	Nameserver string      `json:"nameserver,omitempty"`
	Context    wireContext `json:"context"`
	TimeoutMs  *int        `json:"timeout_ms,omitempty"`
}

type httpRequest struct {
	Headers         map[string][]string `json:"headers,omitempty"`
	Method          string              `json:"method"`
	URL             string              `json:"url"`
	Body            []byte              `json:"body,omitempty"`
	Context         wireContext         `json:"context"`
	TimeoutMs       *int                `json:"timeout_ms,omitempty"`
	FollowRedirects *bool               `json:"follow_redirects,omitempty"`
	MaxRedirects    *int                `json:"max_redirects,omitempty"`
}

type tcpRequest struct {
	Host      string      `json:"host"`
	Port      string      `json:"port"`
	Context   wireContext `json:"context"`
	TimeoutMs int         `json:"timeout_ms,omitempty"`
	TLS       bool        `json:"tls"`
	UseTLS    *bool       `json:"use_tls,omitempty"`
}

type smtpRequest struct {
	Host        string      `json:"host"`
	Port        string      `json:"port"`
	Context     wireContext `json:"context"`
	TimeoutMs   int         `json:"timeout_ms,omitempty"`
	TLS         bool        `json:"tls"`
	StartTLS    bool        `json:"starttls"`
	UseTLS      *bool       `json:"use_tls,omitempty"`
	UseStartTLS *bool       `json:"use_starttls,omitempty"`
}

type execRequest struct {
	Args      []string    `json:"args"`
	Env       []string    `json:"env,omitempty"`
	Command   string      `json:"command"`
	Dir       string      `json:"dir,omitempty"`
	Context   wireContext `json:"context"`
	TimeoutMs *int        `json:"timeout_ms,omitempty"`
}

// Requests that are the same in both dialects.

type ssrfRequest struct {
	Address string `json:"address"`
}

// packagesRequest is that of a function which only hosts of one's own have.
type packagesRequest struct {
	Manager string   `json:"manager"`
	Names   []string `json:"names"`
	Limit   uint32   `json:"limit"`
	Since   *string  `json:"since"`
	Strict  bool     `json:"strict"`
}

// Requests as hosts of the Go SDK declare them. Their names show in the text
// with which such a host refuses a request.

type DNSLookupRequest struct {
	Hostname   string `json:"hostname"`
	Type       string `json:"type"`
	Nameserver string `json:"nameserver,omitempty"`
	TimeoutMs  int    `json:"timeout_ms,omitempty"`
}

type HTTPRequest struct {
	Method          string            `json:"method"`
	URL             string            `json:"url"`
	Headers         map[string]string `json:"headers,omitempty"`
	Body            []byte            `json:"body,omitempty"`
	TimeoutMs       int               `json:"timeout_ms,omitempty"`
	FollowRedirects *bool             `json:"follow_redirects,omitempty"`
	MaxRedirects    int               `json:"max_redirects,omitempty"`
}

type TCPConnectRequest struct {
	Host      string `json:"host"`
	Port      int    `json:"port"`
	TimeoutMs int    `json:"timeout_ms,omitempty"`
	UseTLS    bool   `json:"use_tls,omitempty"`
}

type SMTPConnectRequest struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	UseTLS      bool   `json:"use_tls,omitempty"`
	UseStartTLS bool   `json:"use_starttls,omitempty"`
	TimeoutMs   int    `json:"timeout_ms,omitempty"`
}

type ExecCommandRequest struct {
	Command   string   `json:"command"`
	Args      []string `json:"args,omitempty"`
	Env       []string `json:"env,omitempty"`
	Dir       string   `json:"dir,omitempty"`
	TimeoutMs int      `json:"timeout_ms,omitempty"`
}

// The same where they differ from those of the wire dialect, with the keys of
// that one that a guest may send along.

type sdkHTTPRequest struct {
	Headers         map[string]string `json:"headers,omitempty"`
	Method          string            `json:"method"`
	URL             string            `json:"url"`
	Body            []byte            `json:"body,omitempty"`
	Context         wireContext       `json:"context"`
	TimeoutMs       int               `json:"timeout_ms,omitempty"`
	FollowRedirects *bool             `json:"follow_redirects,omitempty"`
	MaxRedirects    *int              `json:"max_redirects,omitempty"`
}

type sdkTCPRequest struct {
	Host      string      `json:"host"`
	Port      int         `json:"port"`
	Context   wireContext `json:"context"`
	TimeoutMs int         `json:"timeout_ms,omitempty"`
	UseTLS    bool        `json:"use_tls"`
	TLS       *bool       `json:"tls,omitempty"`
}

type sdkSMTPRequest struct {
	Host        string      `json:"host"`
	Port        int         `json:"port"`
	Context     wireContext `json:"context"`
	TimeoutMs   int         `json:"timeout_ms,omitempty"`
	UseTLS      bool        `json:"use_tls"`
	UseStartTLS bool        `json:"use_starttls"`
	TLS         *bool       `json:"tls,omitempty"`
	StartTLS    *bool       `json:"starttls,omitempty"`
}

type logMessage struct {
	Timestamp time.Time   `json:"timestamp"`
	Attrs     []logAttr   `json:"attrs,omitempty"`
	Level     string      `json:"level"`
	Message   string      `json:"message"`
	Context   wireContext `json:"context"`
}

type logAttr struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value string `json:"value"`
}
