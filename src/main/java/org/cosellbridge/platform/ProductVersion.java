package org.cosellbridge.platform;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this product, as the build wrote it. */
@Singleton
public class ProductVersion {
    private final String text;

    @Inject
    ProductVersion() {
        this(read());
    }

    private ProductVersion(String text) {
        this.text = text;
    }

    /** A version that is given; for tests. */
    public static ProductVersion of(String text) {
        return new ProductVersion(text);
    }

    /** The version, such as {@code 1.2.0}; never blank. */
    public String text() {
        return text;
    }

    private static String read() {
        try (InputStream file = ProductVersion.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            if (file != null) {
                properties.load(file);
            }
            String version = properties.getProperty("version", "");
            if (version.isBlank() || version.contains("${")) {
                throw new IllegalStateException("The build left no version in version.properties.");
            }
            return version;
        } catch (IOException unreadable) {
            throw new IllegalStateException("The product's version.properties cannot be read.", unreadable);
        }
    }
}
