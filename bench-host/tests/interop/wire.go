package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// decodeStrict is what encoding/json does for the official hosts, except that
// it refuses unknown keys, a bare null and invalid UTF-8, all of which those
// hosts let pass.
func decodeStrict(payload []byte, into any) error {
	if !utf8.Valid(payload) {
		return fmt.Errorf("payload is not UTF-8: %q", payload)
	}
	if string(bytes.TrimSpace(payload)) == "null" {
		return errors.New("payload is null")
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w in %s", err, payload)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("data after the JSON document: %s", payload)
	}
	return nil
}

// checkSchema accepts a JSON object that says it is a schema or describes one.
func checkSchema(payload []byte) error {
	var schema map[string]any
	if err := decodeStrict(payload, &schema); err != nil {
		return err
	}
	if _, ok := schema["$schema"].(string); !ok && schema["type"] != "object" {
		return fmt.Errorf("neither $schema nor type object in %s", payload)
	}
	return nil
}

// Entities that the guest returns.

type metadata struct {
	Name           string       `json:"name"`
	Version        string       `json:"version"`
	Description    string       `json:"description"`
	SDKVersion     string       `json:"sdk_version,omitempty"`
	MinHostVersion string       `json:"min_host_version,omitempty"`
	Capabilities   []capability `json:"capabilities"`
}

type capability struct {
	Kind    string `json:"kind"`
	Pattern string `json:"pattern"`
	Action  string `json:"action,omitempty"`
}

type manifest struct {
	Services       map[string]service `json:"services"`
	Name           string             `json:"name"`
	Version        string             `json:"version"`
	Description    string             `json:"description"`
	SDKVersion     string             `json:"sdk_version"`
	MinHostVersion string             `json:"min_host_version,omitempty"`
	ConfigSchema   json.RawMessage    `json:"config_schema"`
	Capabilities   grantSet           `json:"capabilities"`
}

type service struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Operations  []operation `json:"operations"`
}

type operation struct {
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputFields  []string        `json:"input_fields,omitempty"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	Examples     []example       `json:"examples,omitempty"`
}

type example struct {
	Name           string          `json:"name"`
	Description    string          `json:"description,omitempty"`
	Input          json.RawMessage `json:"input"`
	ExpectedOutput json.RawMessage `json:"expected_output,omitempty"`
	ExpectedError  string          `json:"expected_error,omitempty"`
}

type grantSet struct {
	Network *rules[networkRule] `json:"network,omitempty"`
	FS      *rules[fsRule]      `json:"fs,omitempty"`
	Env     *envGrant           `json:"env,omitempty"`
	Exec    *execGrant          `json:"exec,omitempty"`
	KV      *rules[kvRule]      `json:"kv,omitempty"`
}

type rules[R any] struct {
	Rules []R `json:"rules"`
}

type networkRule struct {
	Hosts []string `json:"hosts"`
	Ports []string `json:"ports"`
}

type fsRule struct {
	Read  []string `json:"read,omitempty"`
	Write []string `json:"write,omitempty"`
}

type envGrant struct {
	Vars []string `json:"vars"`
}

type execGrant struct {
	Commands []string `json:"commands"`
}

type kvRule struct {
	Op   string   `json:"op"`
	Keys []string `json:"keys"`
}

type result struct {
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data,omitempty"`
	Metadata  *runMetadata   `json:"metadata,omitempty"`
	Error     *errorDetail   `json:"error,omitempty"`
	Status    string         `json:"status"`
	Message   string         `json:"message,omitempty"`
}

type runMetadata struct {
	StartTime  time.Time     `json:"start_time"`
	EndTime    time.Time     `json:"end_time"`
	SDKVersion string        `json:"sdk_version,omitempty"`
	PluginID   string        `json:"plugin_id,omitempty"`
	Duration   time.Duration `json:"duration_ns"`
}

type errorDetail struct {
	Wrapped    *errorDetail   `json:"wrapped,omitempty"`
	Details    map[string]any `json:"details,omitempty"`
	Message    string         `json:"message"`
	Type       string         `json:"type"`
	Code       string         `json:"code"`
	Stack      []byte         `json:"stack,omitempty"`
	IsTimeout  bool           `json:"is_timeout,omitempty"`
	IsNotFound bool           `json:"is_not_found,omitempty"`
}

// Requests, in the wire dialect. A pointer marks a key of the sdk-host dialect
// that a guest may send along, because hosts of the wire dialect ignore it.

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
	TimeoutMs  *int        `json:"timeout_ms"`
}

type httpRequest struct {
	Headers         map[string][]string `json:"headers,omitempty"`
	Method          string              `json:"method"`
	URL             string              `json:"url"`
	Body            []byte              `json:"body,omitempty"`
	Context         wireContext         `json:"context"`
	TimeoutMs       *int                `json:"timeout_ms"`
	FollowRedirects *bool               `json:"follow_redirects"`
	MaxRedirects    *int                `json:"max_redirects"`
}

type tcpRequest struct {
	Host      string      `json:"host"`
	Port      string      `json:"port"`
	Context   wireContext `json:"context"`
	TimeoutMs int         `json:"timeout_ms,omitempty"`
	TLS       bool        `json:"tls"`
	UseTLS    *bool       `json:"use_tls"`
}

type smtpRequest struct {
	Host        string      `json:"host"`
	Port        string      `json:"port"`
	Context     wireContext `json:"context"`
	TimeoutMs   int         `json:"timeout_ms,omitempty"`
	TLS         bool        `json:"tls"`
	StartTLS    bool        `json:"starttls"`
	UseTLS      *bool       `json:"use_tls"`
	UseStartTLS *bool       `json:"use_starttls"`
}

type execRequest struct {
	Args      []string    `json:"args"`
	Env       []string    `json:"env,omitempty"`
	Command   string      `json:"command"`
	Dir       string      `json:"dir,omitempty"`
	Context   wireContext `json:"context"`
	TimeoutMs *int        `json:"timeout_ms"`
}

type ssrfRequest struct {
	Address string       `json:"address"`
	Context *wireContext `json:"context"`
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

// Responses. The sdk-prefixed ones are in the sdk-host dialect.

type envelope struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	Code    int    `json:"code"`
}

type dnsResponse struct {
	Error     *errorDetail `json:"error,omitempty"`
	Records   []string     `json:"records,omitempty"`
	MXRecords []mxRecord   `json:"mx_records,omitempty"`
}

type mxRecord struct {
	Host string `json:"host"`
	Pref uint16 `json:"pref"`
}

type httpResponse struct {
	Headers       map[string][]string `json:"headers,omitempty"`
	Error         *errorDetail        `json:"error,omitempty"`
	Body          []byte              `json:"body,omitempty"`
	Proto         string              `json:"proto,omitempty"`
	StatusCode    int                 `json:"status_code"`
	BodyTruncated bool                `json:"body_truncated,omitempty"`
	LatencyMs     int64               `json:"latency_ms,omitempty"`
}

type tcpResponse struct {
	TLSCertNotAfter *time.Time   `json:"tls_cert_not_after,omitempty"`
	Error           *errorDetail `json:"error,omitempty"`
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

type sdkTCPResponse struct {
	RemoteAddr     string `json:"remote_addr,omitempty"`
	LatencyMs      int64  `json:"latency_ms,omitempty"`
	TLSVersion     string `json:"tls_version,omitempty"`
	TLSCipherSuite string `json:"tls_cipher_suite,omitempty"`
	TLSServerName  string `json:"tls_server_name,omitempty"`
	TLSCertSubject string `json:"tls_cert_subject,omitempty"`
	TLSCertIssuer  string `json:"tls_cert_issuer,omitempty"`
	TLSCertExpiry  string `json:"tls_cert_expiry,omitempty"`
	Connected      bool   `json:"connected"`
}

type smtpResponse struct {
	Error          *errorDetail `json:"error,omitempty"`
	Address        string       `json:"address,omitempty"`
	Banner         string       `json:"banner,omitempty"`
	TLSVersion     string       `json:"tls_version,omitempty"`
	TLSCipherSuite string       `json:"tls_cipher_suite,omitempty"`
	TLSServerName  string       `json:"tls_server_name,omitempty"`
	ResponseTimeMs int64        `json:"response_time_ms,omitempty"`
	Connected      bool         `json:"connected"`
	TLS            bool         `json:"tls,omitempty"`
}

type sdkSMTPResponse struct {
	Banner         string `json:"banner,omitempty"`
	TLSVersion     string `json:"tls_version,omitempty"`
	TLSCipherSuite string `json:"tls_cipher_suite,omitempty"`
	TLSServerName  string `json:"tls_server_name,omitempty"`
	LatencyMs      int64  `json:"latency_ms,omitempty"`
	Connected      bool   `json:"connected"`
}

type execResponse struct {
	Error      *errorDetail `json:"error,omitempty"`
	Stdout     string       `json:"stdout"`
	Stderr     string       `json:"stderr"`
	ExitCode   int          `json:"exit_code"`
	DurationMs int64        `json:"duration_ms,omitempty"`
	IsTimeout  bool         `json:"is_timeout,omitempty"`
}

type ssrfResponse struct {
	Reason     string `json:"reason,omitempty"`
	ResolvedIP string `json:"resolved_ip,omitempty"`
	Allowed    bool   `json:"allowed"`
}
