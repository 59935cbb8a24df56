package org.cosellbridge.webhook;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The headers a signature comes with.
 *
 * @param certificateUrl where the sender says its certificate is
 * @param algorithm as the sender names it
 * @param signature the signature's bytes
 * @param kept the headers worth storing, by name in lower case: enough to verify again, and nothing that was meant for others
 */
record SignatureHeaders(String certificateUrl, String algorithm, byte[] signature, Map<String, String> kept) {
    private static final String CERTIFICATE_URL = "x-ms-certificate-url";
    private static final String ALGORITHM = "x-ms-signature-algorithm";
    private static final String SIGNATURE = "x-ms-signature";
    private static final String AUTHORIZATION = "authorization";
    private static final String SCHEME = "signature";
    private static final int MAX_KEPT = 2_048;

    /** Reads them; the certificate's URL and the algorithm must be there exactly once, the signature in either of its headers. */
    static SignatureHeaders parse(WebhookRequest request) throws RefusedException {
        String url = single(request.values(CERTIFICATE_URL));
        String algorithm = single(request.values(ALGORITHM));
        List<String> own = request.values(SIGNATURE);
        String header = own.isEmpty() ? AUTHORIZATION : SIGNATURE;
        List<String> tokens = own.isEmpty()
                ? request.values(AUTHORIZATION).stream()
                        .filter(SignatureHeaders::hasScheme)
                        .toList()
                : own;
        if (tokens.isEmpty()) {
            throw new RefusedException(Refusal.SIGNATURE_MISSING);
        }
        String token = single(tokens);
        byte[] signature = decode(token);
        Map<String, String> kept = new LinkedHashMap<>();
        kept.put(CERTIFICATE_URL, url);
        kept.put(ALGORITHM, algorithm);
        kept.put(header, token);
        request.findFirst("content-type").ifPresent(value -> kept.put("content-type", printable(value)));
        request.findFirst("user-agent").ifPresent(value -> kept.put("user-agent", printable(value)));
        return new SignatureHeaders(url, algorithm, signature, Map.copyOf(kept));
    }

    /** The signature in headers that were stored. */
    static byte[] storedSignature(Map<String, String> kept) throws RefusedException {
        String token = kept.getOrDefault(SIGNATURE, kept.getOrDefault(AUTHORIZATION, ""));
        return decode(token);
    }

    /** The certificate's URL in headers that were stored. */
    static Optional<String> findStoredUrl(Map<String, String> kept) {
        return Optional.ofNullable(kept.get(CERTIFICATE_URL));
    }

    private static String single(List<String> values) throws RefusedException {
        if (values.size() != 1) {
            throw new RefusedException(Refusal.HEADERS_MALFORMED);
        }
        return values.get(0);
    }

    private static boolean hasScheme(String authorization) {
        return authorization.split("\\s+", 2)[0].equalsIgnoreCase(SCHEME);
    }

    private static byte[] decode(String token) throws RefusedException {
        String[] parts = token.split("\\s+", -1);
        if (parts.length != 2 || !parts[0].equalsIgnoreCase(SCHEME)) {
            throw new RefusedException(Refusal.SIGNATURE_MALFORMED);
        }
        try {
            return Base64.getDecoder().decode(parts[1]);
        } catch (IllegalArgumentException notBase64) {
            throw new RefusedException(Refusal.SIGNATURE_MALFORMED);
        }
    }

    private static String printable(String value) {
        String cleaned = value.replaceAll("[^\\x20-\\x7E]", "?");
        return cleaned.length() <= MAX_KEPT ? cleaned : cleaned.substring(0, MAX_KEPT);
    }
}
