@echo off
rem Makes the course's Python environment from this folder, without a network.
rem
rem   install.bat            into the folder "environment" beside this file
rem   install.bat FOLDER     into another one, where this folder cannot be written to
rem
rem It may be run again: the environment is then made anew.
setlocal
set "TARGET=%~f1"
if "%~1"=="" set "TARGET=%~dp0environment"
set RUN="%TARGET%\Scripts\python"
if "%~1"=="" set "RUN=environment\Scripts\python"
pushd "%~dp0" || exit /b 1

set "PYTHON=py -{PYTHON}"
%PYTHON% -c "import platform, sys; sys.exit((platform.system(), platform.machine()) != ('{SYSTEM}', '{MACHINE}'))" 2>nul && goto found
set "PYTHON=python"
%PYTHON% -c "import platform, sys; sys.exit(sys.version_info[:2] != ({PYTHON_TUPLE}) or (platform.system(), platform.machine()) != ('{SYSTEM}', '{MACHINE}'))" 2>nul && goto found
echo This bundle is for {SYSTEM} on {MACHINE} with Python {PYTHON}, and no such Python was found.
echo Install Python {PYTHON}, or take a bundle that was made for your computer.
goto failed

:found
if not exist "%TARGET%" goto free
if exist "%TARGET%\pyvenv.cfg" goto free
echo "%TARGET%" exists and is no environment: name a folder that does not exist yet.
goto failed

:free
echo - comparing the packages with SHA256SUMS
%PYTHON% -B verify.py wheels || goto nothing
echo - installing into "%TARGET%" (a few minutes; {ENVIRONMENT} free disk space is needed)
%PYTHON% -m venv --clear "%TARGET%" || goto noplace
rem Settings of this computer could ask for a network: they are left out.
set "PIP_CONFIG_FILE=nul"
"%TARGET%\Scripts\python" -m pip --isolated install --quiet --disable-pip-version-check --no-index --find-links wheels --no-cache-dir bioimage-course || goto unfinished

echo Done. Read the course: open "%~dp0site\index.html"
echo Run the notebooks, in this folder: %RUN% -m jupyter lab notebooks\student
echo Begin with 00_check_your_setup.
popd
exit /b 0

:nothing
echo Nothing was installed.
goto failed
:noplace
echo The environment cannot be made there.
goto failed
:unfinished
echo The installation did not finish; the words above say why. If the disk is full, make room. Then
echo run this again. If a package does not fit this computer, make the bundle on a computer like this one.
:failed
popd
exit /b 1
