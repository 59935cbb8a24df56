package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.cosellbridge.referral.ReferralFixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
    private static final JsonObject INPUT = object("{\"a\":{\"b\":[1,2.5,3]},\"empty\":null,\"t\":\"x\"}");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "$sum(a.b)           | 6.5",
                "a.b[0]              | 1",
                "a.b                 | [1,2.5,3]",
                "$value & '!'        | \"v!\"",
                "nothing             | null",
                "empty               | null",
                "$exists(empty)      | false",
                "{'k': t}            | {\"k\":\"x\"}",
                "null                | null",
                "$uppercase($value)  | \"V\"",
                "t = 'x' ? 1 : 2     | 1",
                "'$now()'            | \"$now()\"",
                "a.b ~> $map(function($i){$i*2}) | [2,5,6]"
            })
    void evaluates(String jsonata, String result) {
        assertThat(Expression.compile(jsonata.strip())
                        .evaluate(INPUT, text("v"))
                        .toString())
                .isEqualTo(result.strip());
    }

    @ParameterizedTest
    @ValueSource(strings = {"$now()", "$millis()", "$random()", "$shuffle([1,2])", "$eval('1')"})
    void refusesWhatGivesAnotherAnswerEachTime(String jsonata) {
        assertThatThrownBy(() -> Expression.compile(jsonata))
                .isInstanceOf(Expression.Refused.class)
                .hasMessageContaining("not available");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "($f := function(){$f()}; $f())",
                "($f := function($n){$n + $f($n + 1)}; $f(1))",
                "$sum([1..9000000].($ * 2))"
            })
    void stopsWhatDoesNotEnd(String jsonata) {
        Expression expression = Expression.compile(jsonata);

        assertThatThrownBy(() -> expression.evaluate(INPUT, JsonValue.NULL)).isInstanceOf(Expression.Refused.class);
    }

    @Test
    void aFunctionIsNoValue() {
        assertThatThrownBy(() -> Expression.compile("function($x){$x}").evaluate(INPUT, JsonValue.NULL))
                .isInstanceOf(Expression.Refused.class);
    }

    @Test
    void anEvaluationLeavesNothingForTheNext() {
        Expression sets = Expression.compile("($secret := $value; $secret)");
        Expression reads = Expression.compile("[$secret, $value]");

        sets.evaluate(INPUT, text("hidden"));

        assertThat(reads.evaluate(INPUT, JsonValue.NULL)).isEqualTo(JsonValue.NULL);
    }

    @Test
    void manyThreadsShareAnExpression() throws InterruptedException, ExecutionException {
        Expression expression = Expression.compile("($n := $value; $sum(a.b) + $n)");
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<JsonValue>> answers = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                int value = i;
                answers.add(threads.submit(() -> expression.evaluate(INPUT, Json.createValue(value))));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get().toString()).isEqualTo(i + 6 + ".5");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void conditionsSayWhichReferralsBelong() {
        JsonObject referral = ReferralFixtures.coSell();

        assertThat(ReferralCondition.compile("true").matches(referral)).isTrue();
        assertThat(ReferralCondition.compile("$contains(name, \"Northwind\")").matches(referral))
                .isTrue();
        assertThat(ReferralCondition.compile("details.dealValue > 1000000").matches(referral))
                .isFalse();
        assertThat(ReferralCondition.compile("nothing.here").matches(referral)).isFalse();
        assertThatThrownBy(() -> ReferralCondition.compile("name ="))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("does not compile");
        assertThatThrownBy(() -> ReferralCondition.compile("$number(name)").matches(referral))
                .isInstanceOf(MappingException.class)
                .hasMessageNotContaining("Northwind");
    }
}
