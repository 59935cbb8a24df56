package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.cosellbridge.platform.Problem;
import org.junit.jupiter.api.Test;

class RefusalTest {
    @Test
    void allReasonsOfOneStatusReadTheSame() {
        Map<Integer, Set<String>> sentences = Arrays.stream(Refusal.values())
                .map(Refusal::problem)
                .collect(Collectors.groupingBy(
                        Problem::status, Collectors.mapping(Problem::detail, Collectors.toSet())));
        assertThat(sentences).containsOnlyKeys(400, 401, 413, 415);
        assertThat(sentences.values()).allSatisfy(same -> assertThat(same).hasSize(1));
    }

    @Test
    void everyReasonIsAPlainWord() {
        assertThat(Refusal.values())
                .allSatisfy(refusal -> assertThat(refusal.word()).matches("[a-z-]{1,40}"));
    }
}
