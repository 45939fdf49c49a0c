#include "transport/tls_files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "scratch.h"

static const struct {
    const char *name, *text;
} files[] = {
    {"ca.pem", "-----BEGIN CERTIFICATE-----\n"
               "MIIBYjCCAQmgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
               "dGVzdCBDQTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMBkxFzAVBgNV\n"
               "BAMMDk11c3RlciB0ZXN0IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAn6C\n"
               "9i8NuzyEP6lMAqhCspgj09HXXlf7pEA0Ln5QHms97uVHHZRQPPMxEBiJxG5e87ZV\n"
               "jJwXWn/GlH7hMSrsiKNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMC\n"
               "AQYwHQYDVR0OBBYEFJi53PcSRsStWDJU1iqxZPzSZOsnMAoGCCqGSM49BAMCA0cA\n"
               "MEQCIFUbZwOz2m2+i1xyvLDJm7ScYF6sQkpyCL0OhMkiZ6PaAiAUzGtXNx/tTFDe\n"
               "s4LMFdpHfBFsA71GUPQfWCLIA967Hw==\n"
               "-----END CERTIFICATE-----\n"},
    {"other.pem", "-----BEGIN CERTIFICATE-----\n"
                  "MIIBWjCCAQGgAwIBAgIBAjAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApBbm90aGVy\n"
                  "IENBMB4XDTIwMDEwMTAwMDAwMFoXDTQ5MTIzMTIzNTk1OVowFTETMBEGA1UEAwwK\n"
                  "QW5vdGhlciBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHCk9t1SL+w3uqp0\n"
                  "GVdd3IPBQfSe35kKyg+Mj8up2Nly5v8+UcVslNAUdqB4lr5h8DXdYQAFfidFAzmC\n"
                  "Hx5kwxSjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1Ud\n"
                  "DgQWBBS6va9WTrzgrZwiK4gwWK7RaFAtxzAKBggqhkjOPQQDAgNHADBEAiB26tHo\n"
                  "s2VJh7RJbMxcR8XVxIIVTwB5WnO1iYLT6gkNGgIgQjqMzmPAKtyQgAiuR+y39QAY\n"
                  "LtgiSYYfK7dwUCfunnI=\n"
                  "-----END CERTIFICATE-----\n"},
    {"other.key", "-----BEGIN PRIVATE KEY-----\n"
                  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2TnDFv9gxWYifa/s\n"
                  "2gtAsbUZp6cw8PY8HUqaqFS1fFOhRANCAARwpPbdUi/sN7qqdBlXXdyDwUH0nt+Z\n"
                  "CsoPjI/LqdjZcub/PlHFbJTQFHageJa+YfA13WEABX4nRQM5gh8eZMMU\n"
                  "-----END PRIVATE KEY-----\n"},
    {"server.pem", "-----BEGIN CERTIFICATE-----\n"
                   "MIIBeTCCASCgAwIBAgIBAzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
                   "dGVzdCBDQTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMBQxEjAQBgNV\n"
                   "BAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCMSI5C56Dpu\n"
                   "5nOKeCmRv9/3nnZPs7GkeYfpEOMTefy2GaM4enS3BuGzQGSAGq4E3t9bLM47kkod\n"
                   "wRASWRJP/u+jXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4E\n"
                   "FgQUK+kRmVpc3ahvvMIFtIs57NsFwewwHwYDVR0jBBgwFoAUmLnc9xJGxK1YMlTW\n"
                   "KrFk/NJk6ycwCgYIKoZIzj0EAwIDRwAwRAIgYYkr16V44ABzcqvOtm3x2AH3FaiY\n"
                   "owmP3FWgcJmevogCIBtTSpvop+zCi7C3J1wGnFOkMWeNuPjQh2GvlC5zZY2I\n"
                   "-----END CERTIFICATE-----\n"},
    {"wrong.pem", "-----BEGIN CERTIFICATE-----\n"
                  "MIIBejCCAR+gAwIBAgIBBDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
                  "dGVzdCBDQTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMBQxEjAQBgNV\n"
                  "BAMMCWVsc2V3aGVyZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCMSI5C56Dpu\n"
                  "5nOKeCmRv9/3nnZPs7GkeYfpEOMTefy2GaM4enS3BuGzQGSAGq4E3t9bLM47kkod\n"
                  "wRASWRJP/u+jXTBbMBkGA1UdEQQSMBCCDmJyb2tlci5leGFtcGxlMB0GA1UdDgQW\n"
                  "BBQr6RGZWlzdqG+8wgW0izns2wXB7DAfBgNVHSMEGDAWgBSYudz3EkbErVgyVNYq\n"
                  "sWT80mTrJzAKBggqhkjOPQQDAgNJADBGAiEAuFQVciqChifuSdvsL0m6u+uplapv\n"
                  "rrV6SholSRrzeiwCIQDBhUpA00lj2LMsIVJL2SuGS7FZJGdprgBGqQ+gZ8HuFw==\n"
                  "-----END CERTIFICATE-----\n"},
    {"expired.pem", "-----BEGIN CERTIFICATE-----\n"
                    "MIIBeTCCASCgAwIBAgIBBTAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
                    "dGVzdCBDQTAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMBQxEjAQBgNV\n"
                    "BAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCMSI5C56Dpu\n"
                    "5nOKeCmRv9/3nnZPs7GkeYfpEOMTefy2GaM4enS3BuGzQGSAGq4E3t9bLM47kkod\n"
                    "wRASWRJP/u+jXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4E\n"
                    "FgQUK+kRmVpc3ahvvMIFtIs57NsFwewwHwYDVR0jBBgwFoAUmLnc9xJGxK1YMlTW\n"
                    "KrFk/NJk6ycwCgYIKoZIzj0EAwIDRwAwRAIgG0o73/FOJt9ogjDKqoFIyEJyjNyt\n"
                    "y7e3XA0YmdhUfCQCIDZvW1De8AZh7lgfN/Yw0jqPiKy39fwMcT9RrgaxFMya\n"
                    "-----END CERTIFICATE-----\n"},
    {"early.pem", "-----BEGIN CERTIFICATE-----\n"
                  "MIIBejCCASCgAwIBAgIBBjAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
                  "dGVzdCBDQTAeFw00ODAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMBQxEjAQBgNV\n"
                  "BAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCMSI5C56Dpu\n"
                  "5nOKeCmRv9/3nnZPs7GkeYfpEOMTefy2GaM4enS3BuGzQGSAGq4E3t9bLM47kkod\n"
                  "wRASWRJP/u+jXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4E\n"
                  "FgQUK+kRmVpc3ahvvMIFtIs57NsFwewwHwYDVR0jBBgwFoAUmLnc9xJGxK1YMlTW\n"
                  "KrFk/NJk6ycwCgYIKoZIzj0EAwIDSAAwRQIhALpS6d8qvXyrBvIH+m3Cc+LT+3Wh\n"
                  "4n5kNpsaSUnbJw1IAiB5HFOAhW044c+cP3zdyW4E86PZE3gVpt/RkAIm4Ffv6w==\n"
                  "-----END CERTIFICATE-----\n"},
    {"revoked.pem", "-----BEGIN CERTIFICATE-----\n"
                    "MIIBezCCASCgAwIBAgIBBzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
                    "dGVzdCBDQTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMBQxEjAQBgNV\n"
                    "BAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCMSI5C56Dpu\n"
                    "5nOKeCmRv9/3nnZPs7GkeYfpEOMTefy2GaM4enS3BuGzQGSAGq4E3t9bLM47kkod\n"
                    "wRASWRJP/u+jXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4E\n"
                    "FgQUK+kRmVpc3ahvvMIFtIs57NsFwewwHwYDVR0jBBgwFoAUmLnc9xJGxK1YMlTW\n"
                    "KrFk/NJk6ycwCgYIKoZIzj0EAwIDSQAwRgIhAK1lRYjm9JO/fbmzf3G/ZPXEBf4c\n"
                    "yM05kC3n/gPlGSMlAiEAoBpeUpNDtEGFiOpE0SEN6EFvfBQg1HRS72SLLAtack4=\n"
                    "-----END CERTIFICATE-----\n"},
    {"client.pem", "-----BEGIN CERTIFICATE-----\n"
                   "MIIBczCCARigAwIBAgIBCDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NdXN0ZXIg\n"
                   "dGVzdCBDQTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMBMxETAPBgNV\n"
                   "BAMMCGRldmljZS0xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIxIjkLnoOm7m\n"
                   "c4p4KZG/3/eedk+zsaR5h+kQ4xN5/LYZozh6dLcG4bNAZIAargTe31sszjuSSh3B\n"
                   "EBJZEk/+76NXMFUwEwYDVR0RBAwwCoIIZGV2aWNlLTEwHQYDVR0OBBYEFCvpEZla\n"
                   "XN2ob7zCBbSLOezbBcHsMB8GA1UdIwQYMBaAFJi53PcSRsStWDJU1iqxZPzSZOsn\n"
                   "MAoGCCqGSM49BAMCA0kAMEYCIQCMITSb/nYhYQifcjuRfc+GdWBccB6tYk51O5fr\n"
                   "oi/1mwIhAKPO/w2J8VXMgAD6Su1YcXGUcAs6e/obPlzr99Qu+Pyh\n"
                   "-----END CERTIFICATE-----\n"},
    {"crl.pem", "-----BEGIN X509 CRL-----\n"
                "MIHGMG4CAQEwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOTXVzdGVyIHRlc3QgQ0EX\n"
                "DTIwMDEwMTAwMDAwMFoXDTQ5MTIzMTIzNTk1OVowFDASAgEHFw0yNjExMjMwNTAx\n"
                "MTlaoA4wDDAKBgNVHRQEAwIBAjAKBggqhkjOPQQDAgNIADBFAiEA7KQAFWMQUl8W\n"
                "jqdACbKUOCw9gdcTpwRD1nUs32OIHmgCIBcYzOs3qmVJ6OnLUgmAwTdEPChkxKjQ\n"
                "QrKQgQsbi6ro\n"
                "-----END X509 CRL-----\n"},
    {"leaf.key", "-----BEGIN PRIVATE KEY-----\n"
                 "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLgBllksgSvRB/m3P\n"
                 "rGLmB4sQZGE3+aGhATxndO2TmtehRANCAAQjEiOQueg6buZzingpkb/f9552T7Ox\n"
                 "pHmH6RDjE3n8thmjOHp0twbhs0BkgBquBN7fWyzOO5JKHcEQElkST/7v\n"
                 "-----END PRIVATE KEY-----\n"},
};

char *tls_files_new(void) {
    char *directory = scratch_new();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = scratch_write(directory, files[i].name, files[i].text);
        CHECK(chmod(path, 0600) == 0);
        free(path);
    }
    return directory;
}
