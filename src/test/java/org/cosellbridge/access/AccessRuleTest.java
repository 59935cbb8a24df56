package org.cosellbridge.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessRuleTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "webhooks/partner-center",
                "/webhooks/partner-center",
                "webhooks/dynamics/crm",
                "/webhooks/dynamics/Crm_2-x",
                "webhooks/dynamics/no-such-connection",
                "webhooks/salesforce/crm/s3cr3t",
                "/webhooks/salesforce/Crm_2-x/aZ09._~-"
            })
    void opensReceiversToPostsOnly(String path) {
        assertThat(AccessRule.of("POST", path)).isEqualTo(new AccessRule.Open());
        assertThat(AccessRule.of("GET", path)).isEqualTo(new AccessRule.Needs(Role.AUDITOR));
        assertThat(AccessRule.of("PUT", path)).isEqualTo(new AccessRule.Needs(Role.OPERATOR));
        assertThat(AccessRule.of("DELETE", path)).isEqualTo(new AccessRule.Needs(Role.OPERATOR));
        assertThat(AccessRule.of("post", path)).isEqualTo(new AccessRule.Needs(Role.OPERATOR));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "webhooks",
                "webhooks/",
                "Webhooks/partner-center",
                "webhooksx/partner-center",
                "audit/webhooks/partner-center",
                "webhooks/other",
                "webhooks/a/b/c/d",
                "webhooks/partner-center/",
                "webhooks/partner-center/crm",
                "webhooks/dynamics",
                "webhooks/dynamics/",
                "webhooks/dynamics/crm/",
                "webhooks/dynamics/crm/more",
                "webhooks/Dynamics/crm",
                "webhooks/salesforce",
                "webhooks/salesforce/crm",
                "webhooks/salesforce/crm/",
                "webhooks/salesforce/crm/s3cr3t/",
                "webhooks/salesforce/crm/s3cr3t/more",
                "webhooks/Salesforce/crm/s3cr3t"
            })
    void opensNothingThatOnlyResemblesAReceiver(String path) {
        assertThat(AccessRule.of("POST", path)).isEqualTo(new AccessRule.Needs(Role.OPERATOR));
    }

    @ParameterizedTest
    @CsvSource({
        "GET,audit,AUDITOR",
        "HEAD,audit,AUDITOR",
        "OPTIONS,audit,AUDITOR",
        "GET,'',AUDITOR",
        "GET,no/such/address,AUDITOR",
        "GET,connections/crm/setup,AUDITOR",
        "GET,registration,AUDITOR",
        "POST,connections/crm/pause,OPERATOR",
        "POST,dead-letters/1/redeliver,OPERATOR",
        "POST,conflicts/1/resolve,OPERATOR",
        "POST,links/1/recreate,OPERATOR",
        "PATCH,links/1,OPERATOR",
        "TRACE,links/1,OPERATOR",
        "get,links/1,OPERATOR",
        "BREW,links/1,OPERATOR",
        "POST,registration/test,OPERATOR",
        "POST,connections/crm/setup,ADMIN",
        "POST,connections/crm/setup/,ADMIN",
        "POST,connections/crm/setup/more,ADMIN",
        "POST,Connections/crm/SETUP,ADMIN",
        "PUT,registration,ADMIN",
        "PUT,registration/,ADMIN",
        "POST,erasures,ADMIN",
        "DELETE,erasures/1,ADMIN",
    })
    void needsTheRoleOfTheCall(String method, String path, Role role) {
        assertThat(AccessRule.of(method, path)).isEqualTo(new AccessRule.Needs(role));
        assertThat(AccessRule.of(method, "/" + path)).isEqualTo(new AccessRule.Needs(role));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//audit",
                "audit//export",
                "webhooks//partner-center",
                "audit;x=y",
                "webhooks;x/partner-center",
                "webhooks/partner-center;/../audit",
                "webhooks/../audit",
                "webhooks/..",
                "webhooks/./partner-center",
                ".",
                "..",
                "../audit",
                "webhooks/%2e%2e/audit",
                "webhooks%2Fpartner-center",
                "%61udit",
                "connections/crm/%73etup",
                "connections/crm/setup%3Bx",
                "connections\\crm\\setup",
                "audit%00",
                "audit?x",
                "audit#x",
                "aud it",
                "audit\n",
                "audit\t",
                "webhooks/pärtner-center",
                "webhooks/salesforce//s3cr3t",
                "webhooks/salesforce/crm/s3%63r3t",
                "webhooks/salesforce/crm;x=y/s3cr3t",
                "webhooks/partner-center\r\nX: y",
            })
    void refusesPathsThatAServerMightReadInAnotherWay(String path) {
        assertThat(AccessRule.of("POST", path)).isEqualTo(new AccessRule.Refused());
        assertThat(AccessRule.of("GET", path)).isEqualTo(new AccessRule.Refused());
    }

    @Test
    void aLongPathIsReadWithoutTrouble() {
        assertThat(AccessRule.of("GET", "a/".repeat(4000) + "%")).isEqualTo(new AccessRule.Refused());
        assertThat(AccessRule.of("GET", "a".repeat(8000) + "%")).isEqualTo(new AccessRule.Refused());
    }

    @Test
    void aRoleIncludesTheOnesBelow() {
        assertThat(Role.ADMIN.includes(Role.OPERATOR)).isTrue();
        assertThat(Role.OPERATOR.includes(Role.AUDITOR)).isTrue();
        assertThat(Role.AUDITOR.includes(Role.OPERATOR)).isFalse();
        assertThat(Role.OPERATOR.includes(Role.ADMIN)).isFalse();
    }
}
