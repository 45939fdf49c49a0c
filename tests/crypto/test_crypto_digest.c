#include "crypto/crypto_digest.h"

#include <string.h>

#include "base/check.h"
#include "crypto/crypto_hex.h"
#include "harness.h"

static void expect_hex(const uint8_t digest[CRYPTO_DIGEST_BYTES], const char *hex) {
    char text[2 * CRYPTO_DIGEST_BYTES + 1];
    crypto_hex_encode(digest, CRYPTO_DIGEST_BYTES, text);
    CU_ASSERT_STRING_EQUAL(text, hex);
}

/* FIPS 180-4 examples (NIST), and RFC 6234 section 8.5 for the million. */
static const struct {
    const char *text, *hex;
} examples[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void sha256_gives_the_published_digests(void) {
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        crypto_digest_sha256(examples[i].text, strlen(examples[i].text), digest);
        expect_hex(digest, examples[i].hex);
    }
    crypto_digest_sha256(NULL, 0, digest);
    expect_hex(digest, examples[0].hex);
}

static void pieces_of_any_size_give_the_same_digest(void) {
    char chunk[997];
    memset(chunk, 'a', sizeof chunk);
    struct crypto_digest d;
    crypto_digest_begin(&d);
    size_t left = 1000000;
    for (size_t size = 1; left > 0; size = size % sizeof chunk + 1) {
        size_t piece = size < left ? size : left;
        crypto_digest_add(&d, chunk, piece);
        left -= piece;
    }
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest_end(&d, digest);
    expect_hex(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_copy_goes_its_own_way(void) {
    struct crypto_digest d, copy;
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest_begin(&d);
    crypto_digest_add(&d, "ab", 2);
    copy = d;
    crypto_digest_add(&d, "x", 1);
    crypto_digest_add(&copy, "c", 1);
    crypto_digest_end(&d, digest);
    crypto_digest_end(&copy, digest);
    expect_hex(digest, examples[1].hex);
}

/* RFC 4231 sections 4.2 to 4.8, HMAC-SHA-256 (the truncated case 5 aside). */
static void hmac_gives_the_results_of_rfc_4231(void) {
    static const struct {
        const char *key_hex, *data_hex, *mac_hex;
    } rows[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t key[64], data[64], mac[CRYPTO_DIGEST_BYTES];
        size_t key_size, size;
        CU_ASSERT_EQUAL(crypto_hex_decode(rows[i].key_hex, strlen(rows[i].key_hex), key, sizeof key, &key_size), 0);
        CU_ASSERT_EQUAL(crypto_hex_decode(rows[i].data_hex, strlen(rows[i].data_hex), data, sizeof data, &size), 0);
        crypto_digest_hmac_sha256(key, key_size, data, size, mac);
        expect_hex(mac, rows[i].mac_hex);
    }
}

static void a_key_longer_than_a_block_is_hashed_first(void) {
    uint8_t key[131], mac[CRYPTO_DIGEST_BYTES];
    memset(key, 0xaa, sizeof key);
    const char *six = "Test Using Larger Than Block-Size Key - Hash Key First";
    crypto_digest_hmac_sha256(key, sizeof key, six, strlen(six), mac);
    expect_hex(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    const char *seven = "This is a test using a larger than block-size key and a larger than block-size data. The key "
                        "needs to be hashed before being used by the HMAC algorithm.";
    crypto_digest_hmac_sha256(key, sizeof key, seven, strlen(seven), mac);
    expect_hex(mac, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void an_empty_key_and_message_are_allowed(void) {
    uint8_t mac[CRYPTO_DIGEST_BYTES];
    crypto_digest_hmac_sha256(NULL, 0, NULL, 0, mac);
    expect_hex(mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

HARNESS_MAIN("crypto/crypto_digest", HARNESS_CASE(sha256_gives_the_published_digests),
             HARNESS_CASE(pieces_of_any_size_give_the_same_digest), HARNESS_CASE(a_copy_goes_its_own_way),
             HARNESS_CASE(hmac_gives_the_results_of_rfc_4231), HARNESS_CASE(a_key_longer_than_a_block_is_hashed_first),
             HARNESS_CASE(an_empty_key_and_message_are_allowed))
