package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.bind.JsonbBuilder;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class ProblemTest {
    private final ProblemMapper mapper = new ProblemMapper();

    private static Problem of(Response response) {
        assertThat(response.getMediaType()).isEqualTo(Problem.MEDIA_TYPE);
        return (Problem) response.getEntity();
    }

    @Test
    void isWrittenAsTheStandardSays() {
        assertThat(JsonbBuilder.create().toJson(Problem.of(Response.Status.CONFLICT, "It is taken.")))
                .isEqualTo(
                        "{\"detail\":\"It is taken.\",\"status\":409,\"title\":\"Conflict\",\"type\":\"about:blank\"}");
    }

    @Test
    void exceptionsCarryTheirProblem() {
        assertThat(of(Problem.badRequest("a").getResponse())).isEqualTo(Problem.of(Response.Status.BAD_REQUEST, "a"));
        assertThat(of(Problem.notFound("b").getResponse())).isEqualTo(Problem.of(Response.Status.NOT_FOUND, "b"));
        assertThat(of(Problem.conflict("c").getResponse())).isEqualTo(Problem.of(Response.Status.CONFLICT, "c"));
    }

    @Test
    void statedProblemIsAnsweredHoweverItIsWrapped() {
        WebApplicationException stated = Problem.conflict("c");
        assertThat(of(mapper.toResponse(stated)).detail()).isEqualTo("c");
        assertThat(of(mapper.toResponse(new IllegalStateException("secret", stated)))
                        .detail())
                .isEqualTo("c");
    }

    @Test
    void serversOwnExceptionsLoseTheirMessageAndKeepTheirHeaders() {
        Problem missing = of(mapper.toResponse(new NotFoundException("no /cosell/api/<script>")));
        assertThat(missing.status()).isEqualTo(404);
        assertThat(missing.detail()).isEqualTo("There is nothing at this address.");
        Response notAllowed = mapper.toResponse(new NotAllowedException("secret", "GET", new String[] {"HEAD"}));
        assertThat(of(notAllowed).detail()).doesNotContain("secret");
        assertThat(notAllowed.getHeaderString("Allow")).contains("GET");
    }

    @Test
    void whatIsOurFaultTellsTheCallerOnlyAnIdThatStandsInTheLog() {
        List<LogRecord> logged = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                logged.add(line);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger log = Logger.getLogger(ProblemMapper.class.getName());
        log.addHandler(handler);
        log.setUseParentHandlers(false);
        try {
            for (Throwable thrown : List.of(
                    new IllegalStateException("jdbc:postgresql://db/secret"),
                    new StackOverflowError("secret"),
                    new WebApplicationException("secret", 503))) {
                Problem problem = of(mapper.toResponse(thrown));
                assertThat(problem.status()).isEqualTo(500);
                assertThat(problem.detail()).doesNotContain("secret").doesNotContain("Exception");
                String id = problem.detail().replaceAll(".*problem ([0-9a-f-]{36})\\.", "$1");
                assertThat(logged.get(logged.size() - 1).getMessage()).contains(id);
            }
        } finally {
            log.removeHandler(handler);
            log.setUseParentHandlers(true);
        }
    }

    @Test
    void pageHoldsACopyAndItsLimitIsBounded() {
        List<String> items = new ArrayList<>(List.of("a"));
        Page<String> page = new Page<>(items, null);
        items.add("b");
        assertThat(page.items()).containsExactly("a");
        assertThat(Page.limit(null)).isEqualTo(50);
        assertThat(Page.limit(1)).isEqualTo(1);
        assertThat(Page.limit(500)).isEqualTo(500);
        for (int outside : Arrays.asList(0, -1, 501, Integer.MIN_VALUE, Integer.MAX_VALUE)) {
            assertThatThrownBy(() -> Page.limit(outside))
                    .isInstanceOfSatisfying(
                            WebApplicationException.class,
                            refused -> assertThat(of(refused.getResponse()).detail())
                                    .isEqualTo("limit must be from 1 to 500."));
        }
    }
}
