//! The page for those who come from Go names all that the Go SDK has.

const PAGE: &str = include_str!("../../docs/from-go.md");

/// The public names of the Go SDK's three generations, for authors of plugins.
const NAMES: &str = "
    Plugin Describe Schema Check Manifest Register Version MinHostVersion CallHost PackBytes UnpackBytes
    PluginDef DefinePlugin RegisterHandler GetHandler Service Op RegisterOp Example RegisterService
    MustRegisterService Request HandlerFunc WithClient GetClient TryGetClient GenerateExampleTests
    GenerateExampleTestsWithConfig ExampleTestConfig StubPlugin

    ResultSuccess ResultFailure ResultError ResultSuccessPtr ResultFailurePtr ResultErrorPtr WithField WithData
    WithMetadata IsSuccess IsFailure IsError StatusSuccess StatusFailure StatusError NewErrorDetail WithDetails WithCode
    NewRunMetadata WithSDKVersion WithPluginID Metadata NewCapability WithAction NetworkCapabilityLegacy
    FileSystemCapabilityLegacy ExecCapabilityLegacy PluginManifest GrantSet Merge IsEmpty NewRiskAssessor
    WithCustomBroadPatterns AssessGrantSet DescribeRisks WithDefaultTimeout WithMaxRetries WithLogging WithLogLevel
    NewConfig DefaultConfig ServiceManifest OperationManifest OperationExample Clone Deduplicate Difference Contains
    NewSimpleRiskAnalyzer RiskReport EnvironmentCapability KeyValueCapability KeyValueRule ValidationResult

    GetString GetInt GetFloat GetBool GetStringSlice MustGetString MustGetInt MustGetFloat MustGetBool GetStringDefault
    GetIntDefault GetFloatDefault GetBoolDefault Config Validate RequireString OptionalString OptionalInt ValidateConfig
    GenerateSchema

    Get Post Do WasmTransport MaxHTTPBodySize NewTransport HTTPClient HTTPResponse WithHTTPTimeout WithMaxRedirects
    WithTLSConfig WasmResolver LookupHost LookupIPAddr LookupCNAME LookupMX LookupMXRecords LookupTXT LookupNS Lookup
    NewResolver DNSResolver WithNameserver WithDNSTimeout WithRetries DialTCP TCPDialer Dial DialWithTimeout DialSecure
    TCPConnection Close RemoteAddr IsConnected LocalAddr IsTLS TLSVersion TLSCipherSuite TLSServerName TLSCertSubject
    TLSCertIssuer TLSCertNotAfter DialSMTP SMTPClient SMTPConnectResult Banner ResponseTime Connected TLSEnabled
    RunDNSCheck RunHTTPCheck RunTCPCheck RunSMTPCheck WithDNSResolver WithHTTPClient WithTCPDialer WithSMTPClient

    CommandRequest CommandResponse Run WithRunner WithWorkdir WithEnv WithExecTimeout ErrNotWASM NewHandler WithLevel
    WithSource NetworkError TimeoutError CapabilityError ConfigError ExecError DNSError HTTPError TCPError SchemaError
    MemoryError WireFormatError DetailedError ToErrorDetail PluginError Errorer TestCase RunPluginTests AssertSuccess
    AssertFailure AssertDataField PtrFromBytes BytesFromPtr DeallocatePacked PackPtrLen UnpackPtrLen FreeAllTracked Stats
    Configure WithMaxTotalAllocations
";

#[test]
fn each_name_of_the_go_sdk_is_on_the_page() {
    let named: Vec<&str> = PAGE.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let missing: Vec<&str> = NAMES.split_whitespace().filter(|name| !named.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn each_link_within_the_page_leads_to_a_heading() {
    let anchors: Vec<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let links: Vec<&str> = PAGE.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 10);
    for link in links {
        assert!(anchors.iter().any(|anchor| anchor == link), "#{link}");
    }
}
