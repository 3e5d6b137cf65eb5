# Completion of mpwire for PowerShell: mpwire completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName mpwire -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
            else { $_.Extent.Text }
        })
    # PowerShell before 7.3 drops an empty argument, so the word that is completed follows a mark.
    mpwire __complete powershell -- @words "=$wordToComplete" 2>$null | ForEach-Object {
        $word, $about = $_ -split "`t", 2
        $text = if ($word -match '[^\w./:+=~\\-]') { "'" + $word.Replace("'", "''") + "'" } else { $word }
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $about)
    }
}
