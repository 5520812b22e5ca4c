// Command interop plays the part of the official Reglet hosts, Go programs on
// wazero, so that plugins built with the Rust SDK can be tried against them.
//
// It follows the wire protocol only and shares no code with either side. It is
// stricter than the hosts it stands for: a payload with an unknown key, which
// they would ignore, is an error here.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

type report struct {
	Executor   string          `json:"executor"`
	Exports    []string        `json:"exports"`
	Imports    []string        `json:"imports"`
	Metadata   *metadata       `json:"metadata"`
	Manifest   *manifest       `json:"manifest"`
	Schema     json.RawMessage `json:"schema"`
	Outcome    *result         `json:"outcome"`
	OutcomeRaw string          `json:"outcome_raw"`
	Requests   []request       `json:"requests"`
	Logs       []logLine       `json:"logs"`
	Memory     memory          `json:"memory"`
	Allocator  allocator       `json:"allocator"`
	Tolerant   bool            `json:"tolerant_deallocate"`
	LoadsTwice bool            `json:"loads_twice"`
	LoadError  string          `json:"loads_twice_error,omitempty"`
}

type memory struct {
	First    uint32   `json:"first"`
	Last     uint32   `json:"last"`
	Observes int      `json:"observes"`
	Samples  []sample `json:"samples"`
}

type sample struct {
	Observes int    `json:"observes"`
	Bytes    uint32 `json:"bytes"`
}

type options struct {
	wasm, config, replies, clock, executor, cache, without, mount, env string
	observes                                                           int
}

func main() {
	var o options
	flag.StringVar(&o.wasm, "wasm", "", "the plugin's module")
	flag.StringVar(&o.config, "config", "{}", "the check's configuration, a JSON object or null")
	flag.StringVar(&o.replies, "replies", repliesNormal, "what host functions answer: "+strings.Join(replies, ", "))
	flag.StringVar(&o.clock, "clock", "", "fake or real, instead of the executor's own")
	flag.StringVar(&o.executor, "executor", "b", "the host to play: a, ap, b or cli")
	flag.StringVar(&o.cache, "cache", "", "a folder that keeps compiled modules")
	flag.StringVar(&o.without, "without", "", "a host function that is not offered")
	flag.StringVar(&o.mount, "mount", "", "a folder that is granted, which executors do not mind")
	flag.StringVar(&o.env, "env", "", "NAME=VALUE, a variable that is granted, which executors do not mind")
	flag.IntVar(&o.observes, "observes", 1, "how often to run the check")
	flag.Int("port", 0, "ignored: nothing is ever dialled")
	flag.Parse()

	h := &host{
		replies:    o.replies,
		without:    o.without,
		maxRequest: executors[o.executor].maxRequest,
		plainTCP:   executors[o.executor].plainTCP,
		requests:   []request{},
		logs:       []logLine{},
	}
	rep, err := run(context.Background(), o, h)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(rep)
	}
	if err != nil {
		// A guest that traps has usually logged the reason.
		for _, l := range h.logs {
			fmt.Fprintf(os.Stderr, "log: %s %s %v\n", l.Level, l.Message, l.Attrs)
		}
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func (o options) check() error {
	switch {
	case executors[o.executor].observe == "":
		return fmt.Errorf("no executor %q", o.executor)
	case !slices.Contains(replies, o.replies):
		return fmt.Errorf("no replies %q", o.replies)
	case !slices.Contains([]string{"", "fake", "real"}, o.clock):
		return fmt.Errorf("no clock %q", o.clock)
	case o.observes < 1:
		return errors.New("at least one observe is needed")
	}
	return nil
}

func run(ctx context.Context, o options, h *host) (*report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	config, err := encodeConfig(o.config)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	binary, err := os.ReadFile(o.wasm)
	if err != nil {
		return nil, err
	}

	rc := wazero.NewRuntimeConfig()
	if o.cache != "" {
		cache, err := wazero.NewCompilationCacheWithDir(o.cache)
		if err != nil {
			return nil, err
		}
		defer cache.Close(ctx)
		rc = rc.WithCompilationCache(cache)
	}
	r := wazero.NewRuntimeWithConfig(ctx, rc)
	defer r.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		return nil, err
	}
	if err := h.instantiate(ctx, r); err != nil {
		return nil, err
	}
	compiled, err := r.CompileModule(ctx, binary)
	if err != nil {
		return nil, err
	}
	rep := &report{Executor: o.executor, Exports: exports(compiled), Imports: imports(compiled)}
	// The rest of the exports are looked up when called.
	for _, name := range []string{"memory", "allocate", "deallocate"} {
		if !slices.Contains(rep.Exports, name) {
			return nil, fmt.Errorf("export %q not found", name)
		}
	}

	ex := executors[o.executor]
	load := func() (*guest, error) {
		mod, err := r.InstantiateModule(ctx, compiled, moduleConfig(ex, o))
		if err != nil {
			return nil, err
		}
		g := &guest{executor: ex, mod: mod, host: h}
		return g, g.initialize(ctx)
	}
	g, err := load()
	if err != nil {
		return nil, err
	}
	if err := rep.describe(ctx, g); err != nil {
		return nil, err
	}
	if err := rep.observe(ctx, g, config, o.observes); err != nil {
		return nil, err
	}
	rep.Requests, rep.Logs = h.requests, h.logs

	rep.Allocator = g.probeAllocator(ctx)
	rep.Tolerant = rep.Allocator.tolerant()
	if _, err := load(); err != nil {
		rep.LoadError = err.Error()
	}
	rep.LoadsTwice = rep.LoadError == ""
	return rep, nil
}

func (rep *report) describe(ctx context.Context, g *guest) error {
	payload, err := g.entry(ctx, g.executor.describe)
	if err != nil {
		return err
	}
	if rep.Executor == "a" {
		err = decodeStrict(payload, &rep.Metadata)
	} else {
		err = decodeStrict(payload, &rep.Manifest)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", g.executor.describe, err)
	}
	if len(g.schemas) == 0 {
		return nil
	}
	if rep.Schema, err = g.configSchema(ctx); err != nil {
		return err
	}
	if err := checkSchema(rep.Schema); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

func (rep *report) observe(ctx context.Context, g *guest, config []byte, times int) error {
	nextSample := 1
	for i := 1; i <= times; i++ {
		payload, err := g.check(ctx, config)
		if err != nil {
			return fmt.Errorf("observe %d: %w", i, err)
		}
		var outcome *result
		if err := decodeStrict(payload, &outcome); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
		if i == 1 {
			rep.Outcome, rep.OutcomeRaw = outcome, string(payload)
			g.host.quiet = true
		}
		if i == nextSample || i == times {
			rep.Memory.Samples = append(rep.Memory.Samples, sample{i, g.mod.Memory().Size()})
			nextSample *= 10
		}
	}
	samples := rep.Memory.Samples
	rep.Memory.First, rep.Memory.Last = samples[0].Bytes, samples[len(samples)-1].Bytes
	rep.Memory.Observes = times
	return nil
}

// encodeConfig does what hosts do: they hold the configuration as a map.
func encodeConfig(text string) ([]byte, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var config map[string]any
	if err := dec.Decode(&config); err != nil {
		return nil, err
	}
	return json.Marshal(config)
}

// moduleConfig leaves everything to wazero's defaults, fake clock included,
// unless the executor or the clock option says otherwise.
func moduleConfig(ex executor, o options) wazero.ModuleConfig {
	c := wazero.NewModuleConfig()
	if o.clock == "real" || o.clock == "" && ex.realClock {
		c = c.WithSysWalltime().WithSysNanotime()
	}
	if ex.realClock {
		c = c.WithSysNanosleep().WithRandSource(rand.Reader).WithStdout(os.Stderr).WithStderr(os.Stderr)
		if o.mount != "" {
			c = c.WithFSConfig(wazero.NewFSConfig().WithReadOnlyDirMount(o.mount, o.mount))
		}
		if name, value, ok := strings.Cut(o.env, "="); ok {
			c = c.WithEnv(name, value)
		}
	}
	return c
}

func exports(m wazero.CompiledModule) []string {
	names := slices.Collect(maps.Keys(m.ExportedFunctions()))
	names = slices.AppendSeq(names, maps.Keys(m.ExportedMemories()))
	slices.Sort(names)
	return names
}

func imports(m wazero.CompiledModule) []string {
	names := []string{}
	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		names = append(names, module+"."+name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
