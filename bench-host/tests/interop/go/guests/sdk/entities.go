//go:build wasip1

package sdk

import (
	"errors"
	"time"
)

// Result is the outcome of a check.
type Result struct {
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data,omitempty"`
	Metadata  *RunMetadata   `json:"metadata,omitempty"`
	Error     *ErrorDetail   `json:"error,omitempty"`
	Status    string         `json:"status"`
	Message   string         `json:"message,omitempty"`
}

// RunMetadata says when a check ran.
type RunMetadata struct {
	StartTime  time.Time     `json:"start_time"`
	EndTime    time.Time     `json:"end_time"`
	SDKVersion string        `json:"sdk_version,omitempty"`
	PluginID   string        `json:"plugin_id,omitempty"`
	Duration   time.Duration `json:"duration_ns"`
}

// Since fills the metadata of a run that ends now.
func Since(start time.Time) *RunMetadata {
	end := time.Now()
	return &RunMetadata{StartTime: start, EndTime: end, Duration: end.Sub(start)}
}

// Success is the outcome of a check that passed.
func Success(message string, data map[string]any) Result {
	return Result{Status: "success", Message: message, Data: data}
}

// Failure is the outcome of a check that did not pass.
func Failure(message string, data map[string]any) Result {
	return Result{Status: "failure", Message: message, Data: data}
}

// Failed is the outcome of a check that could not run.
func Failed(detail *ErrorDetail) Result {
	return Result{Status: "error", Message: detail.Message, Error: detail}
}

// ErrorDetail is an error as it travels.
type ErrorDetail struct {
	Wrapped    *ErrorDetail   `json:"wrapped,omitempty"`
	Details    map[string]any `json:"details,omitempty"`
	Message    string         `json:"message"`
	Type       string         `json:"type"`
	Code       string         `json:"code"`
	Stack      []byte         `json:"stack,omitempty"`
	IsTimeout  bool           `json:"is_timeout,omitempty"`
	IsNotFound bool           `json:"is_not_found,omitempty"`
}

func (e *ErrorDetail) Error() string {
	text := e.Message
	if e.Type != "" && e.Type != "internal" {
		text = e.Type + ": " + text
	}
	if e.Code != "" {
		text += " [" + e.Code + "]"
	}
	if e.Wrapped != nil {
		text += ": " + e.Wrapped.Error()
	}
	return text
}

func toErrorDetail(err error) *ErrorDetail {
	var detail *ErrorDetail
	if errors.As(err, &detail) {
		return detail
	}
	return &ErrorDetail{Message: err.Error(), Type: "internal"}
}

// Metadata is how a plugin of generation A describes itself.
type Metadata struct {
	Name           string       `json:"name"`
	Version        string       `json:"version"`
	Description    string       `json:"description"`
	SDKVersion     string       `json:"sdk_version,omitempty"`
	MinHostVersion string       `json:"min_host_version,omitempty"`
	Capabilities   []Capability `json:"capabilities"`
}

// Capability is what a plugin of generation A wishes for.
type Capability struct {
	Kind    string `json:"kind"`
	Pattern string `json:"pattern"`
	Action  string `json:"action,omitempty"`
}
