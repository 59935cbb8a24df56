package org.cosellbridge.platform;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Reads configuration keys with type, default and limits. A value that cannot be used is noted as a fault and the default is
 * answered instead, so that one start reports every fault together ({@link Startup}) and none hides behind another. A
 * {@code *Settings} class reads its keys once, in its constructor.
 */
@Singleton
public class Configuration {
    private final Function<String, Optional<String>> source;
    private final Set<String> faults = new ConcurrentSkipListSet<>();
    private final Set<String> keys = new ConcurrentSkipListSet<>();

    @Inject
    Configuration() {
        this(key -> ConfigProvider.getConfig().getOptionalValue(key, String.class));
    }

    private Configuration(Function<String, Optional<String>> source) {
        this.source = source;
    }

    /** A configuration that holds just these keys. */
    public static Configuration of(Map<String, String> values) {
        Map<String, String> copy = Map.copyOf(values);
        return new Configuration(key -> Optional.ofNullable(copy.get(key)));
    }

    /** A configuration that asks this source; for tests. */
    static Configuration from(Function<String, Optional<String>> source) {
        return new Configuration(source);
    }

    /** The trimmed value, empty when the key is absent or blank. */
    public Optional<String> findText(String key) {
        keys.add(key);
        try {
            return source.apply(key).map(String::trim).filter(value -> !value.isEmpty());
        } catch (RuntimeException unreadable) {
            // the exception may quote the value, which may be a secret
            fault(key, "cannot be read. If its value holds ${ as it stands, write \\${ instead.");
            return Optional.empty();
        }
    }

    /** The value or the default. */
    public String text(String key, String byDefault) {
        return findText(key).orElse(byDefault);
    }

    /** The value of a key that must be there; its absence is a fault, {@code purpose} says in one sentence what it is for. */
    public String requiredText(String key, String purpose) {
        return findText(key).orElseGet(() -> {
            fault(key, "is missing. " + purpose);
            return "";
        });
    }

    /** The comma-separated values, trimmed, without empty ones. */
    public List<String> list(String key, String byDefault) {
        return Arrays.stream(text(key, byDefault).split(",", -1))
                .map(String::trim)
                .filter(value -> !value.isEmpty())
                .toList();
    }

    /** A whole number between the limits, both included. */
    public int number(String key, int byDefault, int least, int most) {
        return findText(key)
                .map(value -> {
                    try {
                        int number = Integer.parseInt(value);
                        if (number >= least && number <= most) {
                            return number;
                        }
                    } catch (NumberFormatException notANumber) {
                        // falls through to the one fault both cases share
                    }
                    fault(key, "is '" + value + "' but must be a whole number from " + least + " to " + most + ".");
                    return byDefault;
                })
                .orElse(byDefault);
    }

    /** An ISO-8601 duration (or period of days) above zero, such as {@code PT1S} or {@code P30D}. */
    public Duration duration(String key, Duration byDefault) {
        return findText(key)
                .map(value -> {
                    try {
                        Duration duration = Duration.parse(value);
                        if (!duration.isNegative() && !duration.isZero()) {
                            return duration;
                        }
                    } catch (DateTimeParseException notADuration) {
                        // falls through to the one fault both cases share
                    }
                    fault(key, "is '" + value + "' but must be an ISO-8601 duration above zero, such as PT1S.");
                    return byDefault;
                })
                .orElse(byDefault);
    }

    /** {@code true} or {@code false}. */
    public boolean flag(String key, boolean byDefault) {
        return findText(key)
                .map(value -> {
                    if (value.equalsIgnoreCase("true") || value.equalsIgnoreCase("false")) {
                        return Boolean.parseBoolean(value);
                    }
                    fault(key, "is '" + value + "' but must be true or false.");
                    return byDefault;
                })
                .orElse(byDefault);
    }

    /** One of the allowed words. */
    public String choice(String key, String byDefault, List<String> allowed) {
        String value = text(key, byDefault);
        if (allowed.contains(value)) {
            return value;
        }
        fault(key, "is '" + value + "' but must be one of " + String.join(", ", allowed) + ".");
        return byDefault;
    }

    /** A remote base URL without trailing slash: https, or http when its host is a loopback address. */
    public URI remoteUrl(String key, String byDefault) {
        return parseUrl(key, text(key, byDefault)).orElse(URI.create(byDefault));
    }

    /** A remote base URL that must be there. While it is missing or wrong, a placeholder that reaches nobody is answered. */
    public URI requiredUrl(String key, String purpose) {
        String value = requiredText(key, purpose);
        URI placeholder = URI.create("https://missing.invalid");
        return value.isEmpty() ? placeholder : parseUrl(key, value).orElse(placeholder);
    }

    private Optional<URI> parseUrl(String key, String value) {
        try {
            URI url = new URI(value.replaceAll("/+$", ""));
            String host = url.getHost();
            if (host != null && url.getUserInfo() == null && url.getQuery() == null && url.getFragment() == null) {
                if ("https".equals(url.getScheme()) || ("http".equals(url.getScheme()) && isLoopback(host))) {
                    return Optional.of(url);
                }
            }
        } catch (URISyntaxException notAUrl) {
            // falls through to the one fault all cases share
        }
        // the value is not repeated: a user, a query or a misplaced secret may stand in it
        fault(key, "must be an https URL without user, query and fragment (http only for a loopback host).");
        return Optional.empty();
    }

    /** Whether the host, as written, is this machine: {@code localhost}, {@code 127.x.x.x} or {@code [::1]}. */
    public static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost")
                || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}")
                || host.equals("[::1]")
                || host.equals("::1");
    }

    /** Notes that the value of a key cannot be used; {@code sentence} continues the key's name and never repeats a secret. */
    public void fault(String key, String sentence) {
        faults.add(key + " " + sentence);
    }

    /** Every fault noted so far, sorted. */
    public List<String> faults() {
        return List.copyOf(faults);
    }

    /** Every key asked for so far, sorted; a test holds them against the documentation. */
    public Set<String> keys() {
        return new TreeSet<>(keys);
    }
}
