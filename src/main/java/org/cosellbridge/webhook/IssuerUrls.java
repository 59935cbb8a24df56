package org.cosellbridge.webhook;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads from a certificate where it says its issuer's certificate is: authority information access, RFC 5280, 4.2.2.1. */
final class IssuerUrls {
    private static final String EXTENSION = "1.3.6.1.5.5.7.1.1";
    private static final byte[] CA_ISSUERS = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02};
    private static final int OCTET_STRING = 0x04;
    private static final int OBJECT_IDENTIFIER = 0x06;
    private static final int SEQUENCE = 0x30;
    private static final int URI_NAME = 0x86;

    private IssuerUrls() {}

    /** The URLs in the order of the certificate; none when it has no such extension or one that cannot be read. */
    static List<String> of(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(EXTENSION);
        if (extension == null) {
            return List.of();
        }
        List<String> urls = new ArrayList<>();
        try {
            ByteBuffer descriptions = enter(enter(ByteBuffer.wrap(extension), OCTET_STRING), SEQUENCE);
            while (descriptions.hasRemaining()) {
                ByteBuffer description = enter(descriptions, SEQUENCE);
                byte[] method = bytes(enter(description, OBJECT_IDENTIFIER));
                boolean isUrl = (description.get(description.position()) & 0xFF) == URI_NAME;
                if (isUrl && Arrays.equals(method, CA_ISSUERS)) {
                    urls.add(new String(bytes(enter(description, URI_NAME)), StandardCharsets.US_ASCII));
                }
            }
        } catch (RuntimeException malformed) {
            return List.of(); // the extension only helps; a certificate without it is looked up in the bundle
        }
        return urls;
    }

    /** The contents of the next DER element, which must have this tag; the outer buffer moves behind it. */
    private static ByteBuffer enter(ByteBuffer outer, int tag) {
        int found = outer.get() & 0xFF;
        if (found != tag) {
            throw new IllegalArgumentException("Another DER element was expected.");
        }
        int length = outer.get() & 0xFF;
        if (length >= 0x80) {
            int count = length & 0x7F;
            if (count < 1 || count > 3) {
                throw new IllegalArgumentException("A DER length is out of bounds.");
            }
            length = 0;
            for (int i = 0; i < count; i++) {
                length = (length << 8) | (outer.get() & 0xFF);
            }
        }
        ByteBuffer inner = outer.slice(outer.position(), length);
        outer.position(outer.position() + length);
        return inner;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
