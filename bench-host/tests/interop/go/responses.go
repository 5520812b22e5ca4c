package main

import (
	"reflect"
	"strings"
	"time"
)

// envelope is how hosts of the Go SDK report that no handler has run.
type envelope struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	Code    int    `json:"code"`
}

// spelledOut leaves nothing out: what is missing is null, "", 0 or false.
func spelledOut(response any) map[string]any {
	v := reflect.ValueOf(response)
	all := map[string]any{}
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		all[key] = v.Field(i).Interface()
	}
	return all
}

// Responses in the wire dialect.

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

type execResponse struct {
	Error      *errorDetail `json:"error,omitempty"`
	Stdout     string       `json:"stdout"`
	Stderr     string       `json:"stderr"`
	ExitCode   int          `json:"exit_code"`
	DurationMs int64        `json:"duration_ms,omitempty"`
	IsTimeout  bool         `json:"is_timeout,omitempty"`
}

// Responses in the dialect of the Go SDK's hosts, whose errors have no type.

type sdkError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type sdkDNSResponse struct {
	Error     *sdkError  `json:"error,omitempty"`
	Records   []string   `json:"records,omitempty"`
	MXRecords []mxRecord `json:"mx_records,omitempty"`
}

type sdkHTTPResponse struct {
	Error         *sdkError           `json:"error,omitempty"`
	Headers       map[string][]string `json:"headers,omitempty"`
	Body          []byte              `json:"body,omitempty"`
	StatusCode    int                 `json:"status_code"`
	LatencyMs     int64               `json:"latency_ms,omitempty"`
	BodyTruncated bool                `json:"body_truncated,omitempty"`
}

type sdkTCPResponse struct {
	Error          *sdkError `json:"error,omitempty"`
	RemoteAddr     string    `json:"remote_addr,omitempty"`
	LatencyMs      int64     `json:"latency_ms,omitempty"`
	TLSVersion     string    `json:"tls_version,omitempty"`
	TLSCipherSuite string    `json:"tls_cipher_suite,omitempty"`
	TLSServerName  string    `json:"tls_server_name,omitempty"`
	TLSCertSubject string    `json:"tls_cert_subject,omitempty"`
	TLSCertIssuer  string    `json:"tls_cert_issuer,omitempty"`
	TLSCertExpiry  string    `json:"tls_cert_expiry,omitempty"`
	Connected      bool      `json:"connected"`
}

type sdkSMTPResponse struct {
	Error          *sdkError `json:"error,omitempty"`
	Banner         string    `json:"banner,omitempty"`
	TLSVersion     string    `json:"tls_version,omitempty"`
	TLSCipherSuite string    `json:"tls_cipher_suite,omitempty"`
	TLSServerName  string    `json:"tls_server_name,omitempty"`
	LatencyMs      int64     `json:"latency_ms,omitempty"`
	Connected      bool      `json:"connected"`
}

type sdkExecResponse struct {
	Error           *sdkError `json:"error,omitempty"`
	Stdout          string    `json:"stdout"`
	Stderr          string    `json:"stderr"`
	ExitCode        int       `json:"exit_code"`
	DurationMs      int64     `json:"duration_ms,omitempty"`
	IsTimeout       bool      `json:"is_timeout,omitempty"`
	StdoutTruncated bool      `json:"stdout_truncated,omitempty"`
	StderrTruncated bool      `json:"stderr_truncated,omitempty"`
}

// Responses that are the same in both dialects.

type ssrfResponse struct {
	Reason     string `json:"reason,omitempty"`
	ResolvedIP string `json:"resolved_ip,omitempty"`
	Allowed    bool   `json:"allowed"`
}

type packagesResponse struct {
	Error     any            `json:"error,omitempty"`
	Complete  bool           `json:"complete"`
	Installed int            `json:"installed,omitempty"`
	Drift     int64          `json:"drift"`
	Names     []string       `json:"names,omitempty"`
	Newest    map[string]any `json:"newest,omitempty"`
	Source    string         `json:"source,omitempty"`
}
