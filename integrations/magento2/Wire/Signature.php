<?php
declare(strict_types=1);

namespace Idealo\Connector\Wire;

/**
 * Signs a webhook: HMAC-SHA256 over version, time, delivery and the exact body. Knows nothing of Magento.
 */
final class Signature
{
    private const VERSION = 'v1';
    private const MARK_LENGTH = 16;

    public function of(string $secret, int $timestamp, string $delivery, string $body): string
    {
        if ($secret === '') {
            throw new \InvalidArgumentException('a webhook is not signed with an empty secret');
        }
        $signed = self::VERSION . ':' . $timestamp . ':' . $delivery . ':' . $body;
        return self::VERSION . '=' . hash_hmac('sha256', $signed, $secret);
    }

    /**
     * Shows which secret is in use without showing it; empty for none.
     */
    public function mark(string $secret): string
    {
        if ($secret === '') {
            return '';
        }
        return substr(hash_hmac('sha256', 'idealo-connector', $secret), 0, self::MARK_LENGTH);
    }

    /**
     * @return array<string, string> the headers of one attempt
     */
    public function headers(
        string $secret,
        int $timestamp,
        string $delivery,
        string $event,
        string $body,
        string $module
    ): array {
        return [
            'Content-Type' => 'application/json',
            'X-Idealo-Connector-Event' => $event,
            'X-Idealo-Connector-Delivery' => $delivery,
            'X-Idealo-Connector-Timestamp' => (string) $timestamp,
            'X-Idealo-Connector-Key-Id' => $this->mark($secret),
            'X-Idealo-Connector-Signature' => $this->of($secret, $timestamp, $delivery, $body),
            'X-Idealo-Connector-Module' => $module,
        ];
    }
}
