package org.cosellbridge.platform;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.HexFormat;
import java.util.List;

/**
 * Tells two configurations apart without telling what is in them: equal fingerprints, equal values of every key. It is keyed with
 * {@code cosell.secret-key}, so nobody can try which secret would give the same one. Thread-safe.
 */
@Singleton
public class ConfigurationFingerprint {
    /** Keys that are read before there is a {@link Configuration}. */
    private static final List<String> READ_ELSEWHERE =
            List.of("cosell.data-dir", "cosell.datasource.url", "cosell.datasource.user", "cosell.datasource.password");

    private final Configuration configuration;
    private final SecretBox box;

    @Inject
    ConfigurationFingerprint(Configuration configuration, SecretBox box) {
        this.configuration = configuration;
        this.box = box;
    }

    /** Fingerprints of this configuration; for tests. */
    public static ConfigurationFingerprint of(Configuration configuration) {
        return new ConfigurationFingerprint(configuration, SecretBox.of(configuration));
    }

    /** The fingerprint of every key asked for so far that has a value: 64 hexadecimal digits. */
    public String text() {
        READ_ELSEWHERE.forEach(configuration::findText);
        StringBuilder values = new StringBuilder();
        for (String key : configuration.keys()) {
            configuration
                    .findText(key)
                    .ifPresent(value -> values.append(key)
                            .append('=')
                            .append(value.length())
                            .append(':')
                            .append(value)
                            .append('\n'));
        }
        return HexFormat.of().formatHex(box.fingerprint("configuration", values.toString()));
    }
}
