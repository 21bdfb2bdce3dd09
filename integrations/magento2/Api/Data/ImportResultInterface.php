<?php
declare(strict_types=1);

namespace Idealo\Connector\Api\Data;

/**
 * An imported order.
 *
 * @api
 */
interface ImportResultInterface
{
    /**
     * Entity id.
     *
     * @return int
     */
    public function getOrderId(): int;

    /**
     * Entity id.
     *
     * @param int $orderId
     * @return void
     */
    public function setOrderId(int $orderId): void;

    /**
     * Number people see.
     *
     * @return string
     */
    public function getIncrementId(): string;

    /**
     * Number people see.
     *
     * @param string $incrementId
     * @return void
     */
    public function setIncrementId(string $incrementId): void;

    /**
     * False where it stood already.
     *
     * @return bool
     */
    public function isCreated(): bool;

    /**
     * False where it stood already.
     *
     * @param bool $created
     * @return void
     */
    public function setCreated(bool $created): void;

    /**
     * Grand total as it is kept.
     *
     * @return float
     */
    public function getGrandTotal(): float;

    /**
     * Grand total as it is kept.
     *
     * @param float $grandTotal
     * @return void
     */
    public function setGrandTotal(float $grandTotal): void;

    /**
     * What a person should know.
     *
     * @return string[]
     */
    public function getWarnings(): array;

    /**
     * What a person should know.
     *
     * @param string[] $warnings
     * @return void
     */
    public function setWarnings(array $warnings): void;
}
