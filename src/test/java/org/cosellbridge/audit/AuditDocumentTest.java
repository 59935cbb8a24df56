package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class AuditDocumentTest {
    private static final Path PAGE = Path.of("src/site/markdown/audit.md");

    @Test
    void listsEveryKindInOrderAndNoOther() throws IOException {
        assertThat(Pattern.compile("(?m)^\\| `([a-z-]+\\.[a-z-]+)` \\|")
                        .matcher(Files.readString(PAGE))
                        .results()
                        .map(row -> row.group(1)))
                .containsExactlyElementsOf(
                        Arrays.stream(AuditKind.values()).map(AuditKind::word).toList());
    }

    @Test
    void listsEveryParameterAndNoOther() throws IOException {
        assertThat(Pattern.compile("(?m)^\\| `([a-z]+)` \\|")
                        .matcher(Files.readString(PAGE))
                        .results()
                        .map((MatchResult row) -> row.group(1)))
                .containsExactlyInAnyOrderElementsOf(AuditQuery.PARAMETERS);
    }
}
