<?php
declare(strict_types=1);

namespace Idealo\Connector\Api\Data;

/**
 * What the module says of itself.
 *
 * @api
 */
interface InfoInterface
{
    /**
     * Version of the module.
     *
     * @return string
     */
    public function getVersion(): string;

    /**
     * Version of the module.
     *
     * @param string $version
     * @return void
     */
    public function setVersion(string $version): void;

    /**
     * Version of Magento.
     *
     * @return string
     */
    public function getPlatform(): string;

    /**
     * Version of Magento.
     *
     * @param string $platform
     * @return void
     */
    public function setPlatform(string $platform): void;

    /**
     * Whether webhooks are sent.
     *
     * @return bool
     */
    public function isEnabled(): bool;

    /**
     * Whether webhooks are sent.
     *
     * @param bool $enabled
     * @return void
     */
    public function setEnabled(bool $enabled): void;

    /**
     * Where they go.
     *
     * @return string
     */
    public function getUrl(): string;

    /**
     * Where they go.
     *
     * @param string $url
     * @return void
     */
    public function setUrl(string $url): void;

    /**
     * Which secret signs them, without showing it.
     *
     * @return string
     */
    public function getSecretMark(): string;

    /**
     * Which secret signs them, without showing it.
     *
     * @param string $secretMark
     * @return void
     */
    public function setSecretMark(string $secretMark): void;

    /**
     * Webhooks that wait.
     *
     * @return int
     */
    public function getWaiting(): int;

    /**
     * Webhooks that wait.
     *
     * @param int $waiting
     * @return void
     */
    public function setWaiting(int $waiting): void;

    /**
     * Webhooks that were given up.
     *
     * @return int
     */
    public function getDead(): int;

    /**
     * Webhooks that were given up.
     *
     * @param int $dead
     * @return void
     */
    public function setDead(int $dead): void;

    /**
     * msi or legacy.
     *
     * @return string
     */
    public function getStock(): string;

    /**
     * msi or legacy.
     *
     * @param string $stock
     * @return void
     */
    public function setStock(string $stock): void;
}
