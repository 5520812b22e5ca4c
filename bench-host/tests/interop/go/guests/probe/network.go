//go:build wasip1

package probe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"reglet.dev/interop/guests/sdk"
)

// unreachable is how the SDK's checks report that they got no answer: the
// result of type error is lost, since an error comes with it.
func unreachable(err error, code string) (sdk.Result, error) {
	return sdk.Result{}, &sdk.ErrorDetail{Message: err.Error(), Type: "network", Code: code}
}

func dns(_ context.Context, dialect sdk.Dialect, config Config) (sdk.Result, error) {
	start := time.Now()
	data := map[string]any{"hostname": config.Host, "record_type": config.Type}
	var err error
	switch config.Type {
	case "":
		data["records"], err = sdk.LookupHost(config.Host, config.Nameserver)
	default:
		var response sdk.DNSResponse
		response, err = sdk.Lookup(config.Host, config.Type, config.Nameserver)
		if response.Records != nil {
			data["records"] = response.Records
		}
		if response.MXRecords != nil {
			data["mx_records"] = response.MXRecords
		}
	}
	if err == nil {
		result := sdk.Success(fmt.Sprintf("DNS lookup successful for %s (%s)", config.Host, config.Type), data)
		result.Metadata = sdk.Since(start)
		return result, nil
	}
	result := sdk.Failed(&sdk.ErrorDetail{Message: err.Error(), Type: "network", Code: "LOOKUP_FAILED"})
	if dialect.Detailed {
		result.Data = map[string]any{
			"is_timeout":   strings.Contains(err.Error(), "timeout"),
			"is_not_found": strings.Contains(err.Error(), "no such host"),
		}
	}
	return result, nil
}

func http(ctx context.Context, dialect sdk.Dialect, config Config) (sdk.Result, error) {
	start := time.Now()
	response, err := dialect.Do(ctx, config.Method, config.URL, config.Headers, []byte(config.Body))
	if err != nil {
		return unreachable(err, "REQUEST_FAILED")
	}
	data := map[string]any{"status_code": response.StatusCode, "headers": response.Headers}
	if len(response.Body) > 0 {
		data["body_length"] = len(response.Body)
		data["body"] = string(response.Body[:min(len(response.Body), 200)])
	}
	if dialect.Detailed {
		sum := sha256.Sum256(response.Body)
		data["body_sha256"], data["protocol"] = hex.EncodeToString(sum[:]), response.Proto
	}
	message := fmt.Sprintf("HTTP %s request successful: %d", config.Method, response.StatusCode)
	result := sdk.Success(message, data)
	result.Metadata = sdk.Since(start)
	return result, nil
}

func tcp(ctx context.Context, dialect sdk.Dialect, config Config) (sdk.Result, error) {
	connection, err := dialect.Dial(ctx, config.Host, strconv.Itoa(config.Port), 5000, config.TLS)
	if err != nil {
		return unreachable(err, "CONNECTION_FAILED")
	}
	data := map[string]any{"connected": connection.Connected, "remote_addr": connection.RemoteAddr}
	if dialect.Detailed {
		data["response_time_ms"] = connection.ResponseTimeMs
		data["address"], data["local_addr"] = connection.Address, connection.LocalAddr
	}
	if dialect.Detailed && connection.TLS {
		data["tls"], data["tls_version"] = true, connection.TLSVersion
		data["tls_cipher_suite"], data["tls_server_name"] = connection.TLSCipherSuite, connection.TLSServerName
		data["tls_cert_subject"], data["tls_cert_issuer"] = connection.TLSCertSubject, connection.TLSCertIssuer
		if notAfter := connection.TLSCertNotAfter; notAfter != nil {
			data["tls_cert_not_after"] = notAfter.Format(time.RFC3339)
			data["tls_cert_days_remaining"] = int(time.Until(*notAfter).Hours() / 24)
		}
	}
	return sdk.Success("TCP connection successful", data), nil
}

func smtp(ctx context.Context, dialect sdk.Dialect, config Config) (sdk.Result, error) {
	port := strconv.Itoa(config.Port)
	connection, err := sdk.ConnectSMTP(ctx, config.Host, port, 30000, config.TLS, config.StartTLS)
	if err != nil {
		return unreachable(err, "CONNECTION_FAILED")
	}
	data := map[string]any{
		"connected": connection.Connected, "banner": connection.Banner,
		"latency_ms": connection.ResponseTimeMs, "tls_version": connection.TLSVersion,
	}
	if dialect.Detailed {
		data["tls_cipher_suite"], data["tls_server_name"] = connection.TLSCipherSuite, connection.TLSServerName
		data["address"] = connection.Address
	}
	return sdk.Success(fmt.Sprintf("SMTP connection successful to %s:%s", config.Host, port), data), nil
}
