package org.cosellbridge.webhook;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.cosellbridge.platform.Configuration;

/**
 * The places certificates may be fetched from. A host that is listed without a port stands for https on 443 (and http on 80 where
 * plain http is allowed); a listed port is the only one. No names are resolved here.
 */
final class AllowedHosts {
    private static final int MAX_URL = 2_048;
    private final Set<String> places = new HashSet<>();
    private final boolean plainHttp;

    private AllowedHosts(boolean plainHttp) {
        this.plainHttp = plainHttp;
    }

    /**
     * Reads {@code host[:port]}, comma separated; an entry that is none, or a bare address of another machine, is a fault.
     *
     * @param plainHttp whether http is allowed for every host; for a loopback host it always is
     */
    static AllowedHosts read(Configuration configuration, String key, String byDefault, boolean plainHttp) {
        AllowedHosts hosts = new AllowedHosts(plainHttp);
        List<String> entries = configuration.list(key, byDefault);
        for (String entry : entries) {
            hosts.add(entry).ifPresent(fault -> configuration.fault(key, "holds '" + entry + "', " + fault));
        }
        return hosts;
    }

    private Optional<String> add(String entry) {
        try {
            URI url = new URI("https://" + entry);
            String host = url.getHost();
            if (host == null
                    || url.getPort() == 0
                    || url.getPort() > 65_535
                    || !(host + (url.getPort() < 0 ? "" : ":" + url.getPort())).equals(entry)) {
                return Optional.of("which is not host[:port].");
            }
            if (isAddress(host) && !Configuration.isLoopback(host)) {
                return Optional.of("an address; list the host by its name.");
            }
            String name = host.toLowerCase(Locale.ROOT);
            boolean http = plainHttp || Configuration.isLoopback(host);
            places.add("https://" + name + ":" + (url.getPort() < 0 ? 443 : url.getPort()));
            if (http) {
                places.add("http://" + name + ":" + (url.getPort() < 0 ? 80 : url.getPort()));
            }
            return Optional.empty();
        } catch (URISyntaxException notAHost) {
            return Optional.of("which is not host[:port].");
        }
    }

    /** The URL, if it points to a listed place and is nothing but scheme, host, port, path and query. */
    Optional<URI> find(String text) {
        if (text.length() > MAX_URL || !text.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
            return Optional.empty();
        }
        try {
            URI url = new URI(text);
            String host = url.getHost();
            String scheme = url.getScheme();
            if (host == null
                    || scheme == null
                    || url.getRawUserInfo() != null
                    || url.getRawFragment() != null
                    || !(host + (url.getPort() < 0 ? "" : ":" + url.getPort())).equals(url.getRawAuthority())) {
                return Optional.empty();
            }
            String lowerScheme = scheme.toLowerCase(Locale.ROOT);
            int port = url.getPort() >= 0 ? url.getPort() : lowerScheme.equals("http") ? 80 : 443;
            String place = lowerScheme + "://" + host.toLowerCase(Locale.ROOT) + ":" + port;
            if (!places.contains(place)) {
                return Optional.empty();
            }
            String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
            return Optional.of(new URI(place + url.getRawPath() + query));
        } catch (URISyntaxException notAUrl) {
            return Optional.empty();
        }
    }

    /** Whether nothing is listed. */
    boolean isEmpty() {
        return places.isEmpty();
    }

    private static boolean isAddress(String host) {
        return host.startsWith("[") || host.matches("[0-9.]+");
    }
}
