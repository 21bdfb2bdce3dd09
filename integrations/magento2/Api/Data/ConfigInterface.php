<?php
declare(strict_types=1);

namespace Idealo\Connector\Api\Data;

/**
 * What the bridge enters.
 *
 * @api
 */
interface ConfigInterface
{
    /**
     * Where webhooks go.
     *
     * @return string
     */
    public function getUrl(): string;

    /**
     * Where webhooks go.
     *
     * @param string $url
     * @return void
     */
    public function setUrl(string $url): void;

    /**
     * Secret they are signed with; none keeps the one there.
     *
     * @return string|null
     */
    public function getSecret(): ?string;

    /**
     * Secret they are signed with; none keeps the one there.
     *
     * @param string|null $secret
     * @return void
     */
    public function setSecret(?string $secret): void;

    /**
     * Whether any are sent.
     *
     * @return bool
     */
    public function isEnabled(): bool;

    /**
     * Whether any are sent.
     *
     * @param bool $enabled
     * @return void
     */
    public function setEnabled(bool $enabled): void;
}
