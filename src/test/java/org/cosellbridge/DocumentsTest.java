package org.cosellbridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Links lead somewhere, and every configuration key that the product reads stands in its page. */
class DocumentsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern KEY = Pattern.compile("\"(cosell\\.[a-z]+(?:[.-][a-z]+)+)\"");
    /** What looks like a key and is none: the queue, and properties the product sets for itself. */
    private static final Set<String> NO_KEYS = Set.of("cosell.sync", "cosell.start", "cosell.process");

    static List<Path> documents() throws IOException {
        try (Stream<Path> pages = Files.list(Path.of("src/site/markdown"));
                Stream<Path> records = Files.list(Path.of("src/adr"))) {
            return Stream.of(
                            Stream.of(
                                    Path.of("README.md"),
                                    Path.of("server-config/wildfly/README.md"),
                                    Path.of("server-config/salesforce/README.md"),
                                    Path.of("server-config/dynamics-365/README.md")),
                            pages,
                            records)
                    .flatMap(paths -> paths)
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyLinkLeadsSomewhere(Path document) throws IOException {
        List<String> links = LINK.matcher(Files.readString(document))
                .results()
                .map(found -> found.group(1))
                .filter(link -> !link.startsWith("http"))
                .toList();

        for (String link : links) {
            String[] parts = link.split("#", 2);
            Path target = parts[0].isEmpty()
                    ? document
                    : document.toAbsolutePath().resolveSibling(parts[0]).normalize();
            assertThat(target).as("%s in %s", link, document).exists();
            if (parts.length > 1) {
                assertThat(headings(target)).as("%s in %s", link, document).contains(parts[1]);
            }
        }
    }

    private static List<String> headings(Path document) throws IOException {
        return Files.readAllLines(document).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceAll("^#+\\s*", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9 -]", "")
                        .replace(' ', '-'))
                .toList();
    }

    @Test
    void everyKeyStandsInThePageOfKeys() throws IOException {
        String page = Files.readString(Path.of("src/site/markdown/configuration.md"), StandardCharsets.UTF_8);
        Set<String> keys;
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            keys = sources.filter(source -> source.toString().endsWith(".java"))
                    .flatMap(source -> keys(source).stream())
                    .filter(key -> !NO_KEYS.contains(key))
                    .collect(Collectors.toUnmodifiableSet());
        }

        assertThat(keys).isNotEmpty().allSatisfy(key -> assertThat(page).contains("`" + key + "`"));
    }

    private static List<String> keys(Path source) {
        try {
            return KEY.matcher(Files.readString(source))
                    .results()
                    .map(MatchResult::group)
                    .map(quoted -> quoted.substring(1, quoted.length() - 1))
                    .toList();
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }
}
