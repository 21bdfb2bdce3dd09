<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Api\Data\InfoInterface;

/**
 * What the module says of itself.
 */
class Info implements InfoInterface
{
    private string $version = '';
    private string $platform = '';
    private bool $enabled = false;
    private string $url = '';
    private string $secretMark = '';
    private int $waiting = 0;
    private int $dead = 0;
    private string $stock = '';

    public function getVersion(): string
    {
        return $this->version;
    }

    public function setVersion(string $version): void
    {
        $this->version = $version;
    }

    public function getPlatform(): string
    {
        return $this->platform;
    }

    public function setPlatform(string $platform): void
    {
        $this->platform = $platform;
    }

    public function isEnabled(): bool
    {
        return $this->enabled;
    }

    public function setEnabled(bool $enabled): void
    {
        $this->enabled = $enabled;
    }

    public function getUrl(): string
    {
        return $this->url;
    }

    public function setUrl(string $url): void
    {
        $this->url = $url;
    }

    public function getSecretMark(): string
    {
        return $this->secretMark;
    }

    public function setSecretMark(string $secretMark): void
    {
        $this->secretMark = $secretMark;
    }

    public function getWaiting(): int
    {
        return $this->waiting;
    }

    public function setWaiting(int $waiting): void
    {
        $this->waiting = $waiting;
    }

    public function getDead(): int
    {
        return $this->dead;
    }

    public function setDead(int $dead): void
    {
        $this->dead = $dead;
    }

    public function getStock(): string
    {
        return $this->stock;
    }

    public function setStock(string $stock): void
    {
        $this->stock = $stock;
    }
}
