package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.bind.JsonbBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageTest {
    @Test
    @SuppressWarnings("try") // closing it is nothing that can be interrupted
    void theLastPageSaysThatThereIsNoNext() throws Exception {
        try (var jsonb = JsonbBuilder.create()) {
            assertThat(jsonb.toJson(new Page<>(List.of("a"), null))).isEqualTo("{\"items\":[\"a\"],\"next\":null}");
            assertThat(jsonb.toJson(new Page<>(List.of("a"), "c"))).isEqualTo("{\"items\":[\"a\"],\"next\":\"c\"}");
        }
    }
}
