/* The rows of targets.* about TLS, for the middle of the table in schema_rows.c: nobody else includes this, so there is no guard. */
ROW("targets.*.ca", TEXT, .example = "pki/lab-ca.pem",
    .doc = "PEM file of the authorities that the backend's certificate must come from, beside the scenario or "
           "with its whole path. Without it: those that the system trusts."),
    ROW("targets.*.crl", TEXT, .example = "pki/revoked.pem",
        .doc = "PEM file of a list of revoked certificates, issued by one of `ca`."),
    ROW("targets.*.server_name", TEXT, .example = "broker.lab.example",
        .doc = "Whom the backend's certificate must be for, and what is sent as SNI. Without it: the host of the URL."),
    ROW("targets.*.alpn", TEXT, .flags = SCHEMA_OR_LIST, .example = "mqtt",
        .doc = "Protocols to offer by ALPN, the first one first. Without it: none."),
    ROW("targets.*.insecure", BOOLEAN, .standard = "false", .example = "true",
        .doc = "Believe whoever answers: neither issuer nor dates nor name of the certificate are looked at. The "
               "report says so."),
