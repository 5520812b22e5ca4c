//go:build wasip1

package sdk

import "encoding/json"

// Manifest is how a plugin describes itself since generation A′.
type Manifest struct {
	Services       map[string]Service `json:"services"`
	Name           string             `json:"name"`
	Version        string             `json:"version"`
	Description    string             `json:"description"`
	SDKVersion     string             `json:"sdk_version"`
	MinHostVersion string             `json:"min_host_version,omitempty"`
	ConfigSchema   json.RawMessage    `json:"config_schema"`
	Capabilities   GrantSet           `json:"capabilities"`
}

// Service is a group of operations.
type Service struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Operations  []Operation `json:"operations"`
}

// Operation is one of the things that a service does.
type Operation struct {
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputFields  []string        `json:"input_fields,omitempty"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
}

// GrantSet is what a plugin wishes for.
type GrantSet struct {
	Network *Network     `json:"network,omitempty"`
	FS      *FS          `json:"fs,omitempty"`
	Env     *Environment `json:"env,omitempty"`
	Exec    *Exec        `json:"exec,omitempty"`
}

// Network are wishes for connections.
type Network struct {
	Rules []NetworkRule `json:"rules"`
}

// NetworkRule is a wish for connections to these hosts on these ports.
type NetworkRule struct {
	Hosts []string `json:"hosts"`
	Ports []string `json:"ports"`
}

// FS are wishes for files.
type FS struct {
	Rules []FSRule `json:"rules"`
}

// FSRule is a wish to read and write these files.
type FSRule struct {
	Read  []string `json:"read,omitempty"`
	Write []string `json:"write,omitempty"`
}

// Environment are wishes for variables.
type Environment struct {
	Vars []string `json:"vars"`
}

// Exec are wishes for commands.
type Exec struct {
	Commands []string `json:"commands"`
}
