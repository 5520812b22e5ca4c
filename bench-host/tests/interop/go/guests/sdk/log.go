//go:build wasip1

package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

type record struct {
	Timestamp time.Time   `json:"timestamp"`
	Attrs     []attribute `json:"attrs,omitempty"`
	Level     string      `json:"level"`
	Message   string      `json:"message"`
	Context   wireContext `json:"context"`
}

type attribute struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// handler sends records to the host. What With and WithGroup say is lost.
type handler struct{}

func init() {
	slog.SetDefault(slog.New(handler{}))
	slog.Info("Reglet SDK: Slog handler initialized.")
}

func (handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h handler) WithGroup(string) slog.Handler { return h }

func (handler) Handle(ctx context.Context, r slog.Record) error {
	line := record{Timestamp: r.Time, Level: r.Level.String(), Message: r.Message, Context: onWire(ctx)}
	r.Attrs(func(a slog.Attr) bool {
		kind, value := encode(a.Value.Resolve())
		line.Attrs = append(line.Attrs, attribute{a.Key, kind, value})
		return true
	})
	payload, err := json.Marshal(line)
	if err != nil {
		return err
	}
	logMessage(hand(payload))
	return nil
}

func encode(value slog.Value) (kind, text string) {
	switch value.Kind() {
	case slog.KindString:
		return "string", value.String()
	case slog.KindInt64:
		return "int64", strconv.FormatInt(value.Int64(), 10)
	case slog.KindUint64:
		return "uint64", strconv.FormatUint(value.Uint64(), 10)
	case slog.KindBool:
		return "bool", strconv.FormatBool(value.Bool())
	case slog.KindFloat64:
		return "float64", fmt.Sprintf("%f", value.Float64())
	case slog.KindTime:
		return "time", value.Time().Format(time.RFC3339Nano)
	case slog.KindDuration:
		return "duration", value.Duration().String()
	case slog.KindGroup:
		return "group", fmt.Sprintf("%v", value.Group())
	}
	switch inner := value.Any().(type) {
	case nil:
		return "any", "<nil>"
	case error:
		return "error", inner.Error()
	default:
		if document, err := json.Marshal(inner); err == nil {
			return "json", string(document)
		}
		return "any", fmt.Sprintf("%v", inner)
	}
}
