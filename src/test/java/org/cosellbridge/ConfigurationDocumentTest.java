package org.cosellbridge;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.ConfigurationFingerprint;
import org.junit.jupiter.api.Test;

/** The page on configuration lists every key that the product asks for, each by its full name, and no other. */
class ConfigurationDocumentTest {
    private static final Path PAGE = Path.of("src/site/markdown/configuration.md");

    /** Read by the resource adapter, from system properties and the environment. */
    private static final Set<String> READ_BY_THE_ADAPTER =
            Set.of("cosell.broker.connection", "cosell.broker.user", "cosell.broker.password");

    /** A value for every key that opens the way to further keys; what is not here is text. */
    private static final Map<String, String> FULL =
            Map.of("cosell.connections", "crm,other,sf", "cosell.crm.sf.type", "salesforce", "cosell.mode", "shadow");

    @Test
    void everyKeyThatIsAskedForIsListed() throws Exception {
        assertThat(asked())
                .isNotEmpty()
                .allSatisfy(key -> assertThat(listed())
                        .as("keys of configuration.md: add a row for " + key)
                        .contains(key));
    }

    @Test
    void everyKeyThatIsListedIsAskedFor() throws Exception {
        Set<String> known = asked();
        known.addAll(READ_BY_THE_ADAPTER);
        assertThat(known)
                .as("keys the product asks for: strike what it does not")
                .containsAll(listed());
    }

    private static Set<String> listed() throws IOException {
        Set<String> keys = new TreeSet<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("| `cosell.")) {
                Pattern.compile("`([^`]+)`")
                        .matcher(line.split("\\|", -1)[1])
                        .results()
                        .forEach(key -> keys.add(key.group(1)));
            }
        }
        return keys;
    }

    private static Set<String> asked() throws ReflectiveOperationException {
        Set<String> keys = new TreeSet<>();
        for (Configuration configuration : List.of(Configuration.of(Map.of()), full())) {
            ConfigurationFingerprint.of(configuration).text();
            ConnectionSettings.read(configuration, new ConnectionName("crm"));
            for (Class<?> settings : settings()) {
                build(settings, configuration);
            }
            configuration
                    .keys()
                    .forEach(key -> keys.add(key.replaceFirst("^cosell\\.crm\\.[^.]+\\.", "cosell.crm.<name>.")));
        }
        return keys;
    }

    /** Every key of the page with some value: it must be asked for all the same. */
    private static Configuration full() {
        try {
            Map<String, String> values = new LinkedHashMap<>();
            listed().forEach(key -> values.put(key.replace("<name>", "crm"), "x"));
            values.putAll(FULL);
            return Configuration.of(values);
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }

    /** The classes that read keys: all of them take the configuration in their constructor. */
    private static List<Class<?>> settings() {
        List<Class<?>> found = new ArrayList<>();
        for (JavaClass type : new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("org.cosellbridge")) {
            if (type.getSimpleName().endsWith("Settings") && !type.isRecord()) {
                found.add(type.reflect());
            }
        }
        found.add(org.cosellbridge.connector.Connections.class);
        assertThat(found).hasSizeGreaterThan(4);
        return found;
    }

    private static void build(Class<?> settings, Configuration configuration) throws ReflectiveOperationException {
        Constructor<?> constructor = Arrays.stream(settings.getDeclaredConstructors())
                .filter(candidate ->
                        Arrays.asList(candidate.getParameterTypes()).contains(Configuration.class))
                .filter(candidate -> Arrays.stream(candidate.getParameterTypes())
                        .allMatch(type -> type == Configuration.class || type == Clock.class || type == List.class))
                .min(Comparator.comparingInt(Constructor::getParameterCount))
                .orElseThrow(() -> new AssertionError(
                        settings + " has no constructor with just the configuration (and a clock): teach this test how"
                                + " to build it."));
        constructor.setAccessible(true);
        constructor.newInstance(Arrays.stream(constructor.getParameterTypes())
                .map(type -> type == Configuration.class
                        ? configuration
                        : type == Clock.class ? Clock.systemUTC() : List.of())
                .toArray());
    }
}
