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
	// The hosts make floats of numbers whose type is open. Here they stay as
	// they are, to be compared.
	dec.UseNumber()
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
