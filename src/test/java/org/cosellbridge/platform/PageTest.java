package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.bind.JsonbBuilder;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.WebApplicationException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
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

    @Test
    void aLimitThatIsNoNumberOrTooMuchIsTheCallersFault() {
        assertThat(Page.parseLimit(null)).isEqualTo(Page.DEFAULT_LIMIT);
        assertThat(Page.parseLimit(" 7 ")).isEqualTo(7);
        for (String wrong : List.of("abc", "", "0", "501", "99999999999")) {
            assertThatThrownBy(() -> Page.parseLimit(wrong))
                    .isInstanceOfSatisfying(
                            WebApplicationException.class,
                            refused -> assertThat(refused.getResponse().getStatus())
                                    .isEqualTo(400));
        }
    }

    /** A parameter of another type than text is refused by the server itself, as an address that is not there. */
    @Test
    void noListTakesItsLimitAsANumber() throws Exception {
        for (String resource : List.of(
                "webhook.DeliveriesResource",
                "queue.DeadLettersResource",
                "sync.LinksResource",
                "sync.ConflictsResource",
                "sync.DifferencesResource")) {
            for (Method method : Class.forName("org.cosellbridge." + resource).getMethods()) {
                for (Parameter parameter : method.getParameters()) {
                    QueryParam query = parameter.getAnnotation(QueryParam.class);
                    assertThat(query != null && query.value().equals("limit") && parameter.getType() != String.class)
                            .as(resource)
                            .isFalse();
                }
            }
        }
    }
}
