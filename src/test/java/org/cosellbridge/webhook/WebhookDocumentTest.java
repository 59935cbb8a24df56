package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.simulator.DataverseCrm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page on webhooks tells an admin to type is what the product needs and what the simulated Dataverse is given. */
class WebhookDocumentTest {
    private static final Path PAGE = Path.of("src/site/markdown/webhooks.md");

    /** Written by the product alone: a push of them is an echo and nothing else. */
    private static final List<String> OURS = List.of(
            "cosell_referralidentifier",
            "cosell_referrallink",
            "cosell_microsoftcrmidentifier",
            "cosell_referralprogram",
            "cosell_syncstatus",
            "cosell_audit");

    private static List<String> listed(String table) throws IOException {
        Matcher block = Pattern.compile("```filteringattributes-" + table + "\\n([a-z0-9_,]+)\\n```")
                .matcher(Files.readString(PAGE));
        assertThat(block.find()).as("the columns of " + table).isTrue();
        return Arrays.asList(block.group(1).split(",", -1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"opportunity", "lead"})
    void everyColumnThatTravelsToPartnerCenterIsListedAndNoneOfOurs(String table) throws IOException {
        MappingDocument document =
                MappingLibrary.builtIn("dynamics", List.of(table)).get(0);
        List<String> travelling = document.fields().stream()
                .filter(WebhookDocumentTest::travels)
                .map(field -> field.crm().name())
                .toList();

        assertThat(travelling).isNotEmpty();
        assertThat(listed(document.table().name()))
                .containsAll(travelling)
                .contains("statecode", "cosell_syncwithpartnercenter")
                .doesNotContainAnyElementsOf(OURS)
                .doesNotHaveDuplicates();
    }

    private static boolean travels(FieldMapping field) {
        return Arrays.stream(Occasion.values())
                .anyMatch(occasion -> field.travels(Direction.TO_PARTNER_CENTER, occasion));
    }

    @Test
    void theSimulatedDataverseWatchesTheSameColumns() throws IOException {
        assertThat(DataverseCrm.WATCHED_COLUMNS).containsOnlyKeys("opportunity", "lead");
        assertThat(DataverseCrm.WATCHED_COLUMNS)
                .containsEntry("opportunity", listed("opportunity"))
                .containsEntry("lead", listed("lead"));
    }

    @Test
    void namesTheHeaderTheLimitAndEveryReason() throws IOException {
        String page = Files.readString(PAGE);

        assertThat(page)
                .contains("`" + DynamicsReceiver.SECRET_HEADER + "`")
                .contains(String.format(Locale.ROOT, "%,d bytes", DynamicsWebhookSettings.LARGEST_BODY))
                .contains(String.format(Locale.ROOT, "%,d bytes", SalesforceReceiver.LARGEST_BODY));
        assertThat(DataverseCrm.SECRET_HEADER).isEqualTo(DynamicsReceiver.SECRET_HEADER);
        assertThat(Refusal.values()).allSatisfy(refusal -> assertThat(page).contains("`" + refusal.word() + "`"));
    }
}
